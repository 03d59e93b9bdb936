// What the views need from the product. Types only; src/extension.ts hands in the real thing.
import type { Registrations } from '../core/client/registrations.ts';
import type { Discovery } from '../core/discovery/discovery.ts';
import type { Overview } from '../core/overview.ts';
import type { Event, ShowCode } from '../core/ports.ts';

export interface Actions {
  overview(): Overview;
  readonly onDidChange: Event<void>;
  /**
   * In the browser of this computer, or `withCode` in any.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*
   */
  signIn(
    identityProviderId: string,
    signal: AbortSignal,
    options?: { readonly withCode?: ShowCode },
  ): Promise<void>;
  /** Signed out here when it resolves; giving things back goes on behind. */
  signOut(identityProviderId: string): Promise<void>;
  reconnect(serverId: string): Promise<void>;
  reconnectAll(): Promise<void>;
  turnOff(serverId: string): Promise<void>;
  turnOn(serverId: string): Promise<void>;
  /** Asks the identity provider about every connection now. */
  checkNow(): Promise<void>;
  /** What registrations need of this computer. */
  registrations(): Promise<Registrations>;
  /** Opens the page on which the server wants the person's yes. */
  continueInBrowser(serverId: string): Promise<void>;
  /** Out everywhere, and nothing kept on this computer. @returns who could not be told, by name */
  forgetEverything(): Promise<readonly string[]>;
  /** Asks parties that are not in the profile yet what they publish; remembers nothing of before. */
  discover(): Promise<Discovery>;
  /** The administrator's file, when that is the profile in force. */
  managedProfile(): string | undefined;
}
