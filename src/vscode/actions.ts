// What the views need from the product. Types only; src/extension.ts hands in the real thing.
import type { Overview } from '../core/overview.ts';
import type { Event } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';

/** Whose client secret is meant: our registration at an identity provider, or at a server's sign-in. */
export interface SecretOwner {
  readonly kind: 'identityProvider' | 'server';
  readonly id: string;
  readonly label: string;
}

export interface Actions {
  overview(): Overview;
  readonly onDidChange: Event<void>;
  /** @throws user.cancelled, user.timedOut, identityProvider.*, network.* */
  signIn(identityProviderId: string, signal: AbortSignal): Promise<void>;
  /** Signed out here when it resolves; giving things back goes on behind. */
  signOut(identityProviderId: string): Promise<void>;
  reconnect(serverId: string): Promise<void>;
  reconnectAll(): Promise<void>;
  turnOff(serverId: string): Promise<void>;
  turnOn(serverId: string): Promise<void>;
  /** Asks the identity provider about every connection now. */
  checkNow(): Promise<void>;
  /** Those whose client authentication needs a secret that no administrator's file gives. */
  secretOwners(): readonly SecretOwner[];
  storeClientSecret(owner: SecretOwner, secret: Secret): Promise<void>;
  /** The administrator's file, when that is the profile in force. */
  managedProfile(): string | undefined;
}
