// A company session over a real store and a rotating identity provider made up for the test.
import type { Membership } from '../../src/core/signIn/accountBoundary.ts';
import { CompanySession } from '../../src/core/signIn/companySession.ts';
import { ConnectError, type ErrorCode } from '../../src/core/errors.ts';
import type { Subject } from '../../src/core/access/idJag.ts';
import type { IdentityProviderProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import type {
  CompanyTokens,
  IdToken,
  SignInClient,
  SignInWish,
} from '../../src/core/signIn/signIn.ts';
import { createSessionStore } from '../../src/core/signIn/storedSession.ts';
import { identityProviderEntry } from '../support/entries.ts';
import { FakeClock } from '../support/fakeClock.ts';

export const browser = {
  openUrl: () => Promise.resolve(true),
  receiver: {
    redirectUri: 'http://127.0.0.1:1/callback',
    wait: () => new Promise<URL>(() => undefined),
    dispose: () => undefined,
  },
};
export const never = new AbortController().signal;

/** A rotating identity provider behind a real session and a real store over a Map. */
export function harness(
  kept = new Map<string, string>(),
  own: Partial<IdentityProviderProfile> = {},
) {
  const owner = identityProviderEntry({ clientId: 'vscode', ...own });
  const clock = new FakeClock();
  const world = {
    account: { id: 'sub-1', label: 'alice@acme.example' },
    membership: { emailDomain: 'acme.example' } as Membership,
    wishes: [] as (SignInWish | undefined)[],
    serial: 0,
    refreshes: [] as string[],
    signIn: undefined as ErrorCode | undefined,
    refresh: undefined as ErrorCode | undefined,
    valid: new Set<string>(),
    idTokenOnRefresh: true,
    refreshTokens: true,
    storeBroken: false,
    /** Keeps the identity provider from answering. */
    hold: undefined as Promise<void> | undefined,
    /** Fails a refresh when the new refresh token is out already. */
    afterRotation: undefined as ErrorCode | undefined,
    revoked: [] as string[],
  };
  const tokens = (): CompanyTokens => {
    const serial = ++world.serial;
    world.valid.add(`r${serial}`);
    const idToken: IdToken = {
      token: new Secret(`i${serial}`),
      expiresAtMs: clock.now() + 600_000,
      membership: world.membership,
    };
    const refreshToken = world.refreshTokens ? new Secret(`r${serial}`) : undefined;
    return { account: world.account, idToken, refreshToken };
  };
  const client: SignInClient = {
    signIn: async (_way, _signal, wish) => {
      world.wishes.push(wish);
      await world.hold;
      if (world.signIn !== undefined) throw new ConnectError(world.signIn);
      return tokens();
    },
    refresh: async (refreshToken, _account, onRotated) => {
      const value = refreshToken.reveal();
      world.refreshes.push(value);
      await world.hold;
      if (world.refresh !== undefined) throw new ConnectError(world.refresh);
      if (!world.valid.delete(value)) throw new ConnectError('identityProvider.sessionEnded');
      const answer = tokens();
      if (answer.refreshToken !== undefined) await onRotated(answer.refreshToken);
      if (world.afterRotation !== undefined) throw new ConnectError(world.afterRotation);
      return world.idTokenOnRefresh ? answer.idToken : undefined;
    },
    revoke: (refreshToken) => {
      world.revoked.push(refreshToken.reveal());
      return Promise.resolve(true);
    },
    endSessionUrl: () => 'https://idp.example/end',
  };
  const broken = () => Promise.reject(new ConnectError('bug'));
  const secrets = {
    get: (key: string) => (world.storeBroken ? broken() : Promise.resolve(kept.get(key))),
    store: (key: string, value: string) =>
      world.storeBroken ? broken() : Promise.resolve(void kept.set(key, value)),
    delete: (key: string) =>
      world.storeBroken ? broken() : Promise.resolve(void kept.delete(key)),
  };
  const session = new CompanySession({
    ...owner,
    client: () => Promise.resolve(client),
    store: createSessionStore(owner, secrets),
    clock,
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
  });
  const states: string[] = [];
  session.onDidChange(({ current }) => states.push(current.kind));
  return { session, world, clock, kept, states };
}

/** What an exchange would rest on now. */
export async function subject({ session }: ReturnType<typeof harness>): Promise<Subject> {
  const { given } = await session.prove((given) => Promise.resolve({ given, rotated: undefined }));
  return given;
}

export function held() {
  const parts: { release?: () => void } = {};
  const promise = new Promise<void>((resolve) => (parts.release = resolve));
  return { promise, release: () => parts.release?.() };
}
