// One window of a person as far as sign-in and access go: the real core behind the link between windows.
// How src/core/company.ts is to be wired, in small.
import { createOutboundLoader } from '../../src/core/outbound.ts';
import type { Access } from '../../src/core/access/accessRequest.ts';
import { ConnectError } from '../../src/core/errors.ts';
import type { ListedSecretStore } from '../../src/core/ports.ts';
import { readProfile, type ServerProfile } from '../../src/core/profile/profile.ts';
import type { Secret } from '../../src/core/secret.ts';
import { CompanySession } from '../../src/core/signIn/companySession.ts';
import { IdentityProviderClient } from '../../src/core/signIn/identityProviderClient.ts';
import { createSessionStore } from '../../src/core/signIn/storedSession.ts';
import { bindTo } from '../../src/core/windows/binding.ts';
import type { Lock, Notes } from '../../src/core/windows/lock.ts';
import type { WindowLink } from '../../src/core/windows/link.ts';
import { profileMark } from '../../src/core/windows/profileMark.ts';
import { RefreshGuard } from '../../src/core/windows/refreshGuard.ts';
import { sharedIdToken } from '../../src/core/windows/sharedIdToken.ts';
import type { MintWish } from '../../src/core/windows/sharedMint.ts';
import { Windows } from '../../src/core/windows/windows.ts';
import { startLoopbackReceiver } from '../../src/node/loopbackReceiver.ts';
import { systemClock as clock } from '../../src/node/systemClock.ts';
import { HttpBrowser } from './httpBrowser.ts';
import { silentLog as log } from './windowFolders.ts';

export interface PersonWindow {
  readonly link: WindowLink;
  readonly windows: Windows;
  readonly session: CompanySession;
  /** Exchanges this window did itself. */
  readonly minted: () => number;
  signIn(): Promise<void>;
  mint(
    serverId: string,
    wish?: { maxAgeMs?: number; insteadOf?: Secret | undefined },
  ): Promise<Access>;
  dispose(): void;
}

export interface PersonWindowOptions {
  readonly profile: unknown;
  readonly person: string;
  readonly link: WindowLink;
  readonly lock: Lock;
  readonly notes: Notes;
  /** SecretStorage of this window. */
  readonly store: ListedSecretStore;
  readonly graceMs: number;
  readonly fetch?: typeof fetch;
}

export async function openPersonWindow(options: PersonWindowOptions): Promise<PersonWindow> {
  const { link, lock, notes } = options;
  const { profile } = readProfile(options.profile, 'settings');
  const [identityProvider] = profile?.identityProviders ?? [];
  if (profile === undefined || identityProvider === undefined) throw new Error('no profile');
  const windows = new Windows({ link, lock, notes, store: options.store, clock, log });
  const store = windows.secrets;
  const fetch: typeof globalThis.fetch =
    options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const outbound = createOutboundLoader({ fetch, clock });
  const random = () => 0.5;
  const client = new IdentityProviderClient(identityProvider, {
    ...{ fetch, outbound, store, clock, log, random },
  });
  const sessionStore = createSessionStore(identityProvider, store);
  const accountId = () => {
    const state = session.person().session;
    return state.kind === 'signedIn' ? state.account.id : undefined;
  };
  const guard = new RefreshGuard({
    ...{ name: identityProvider.id, lock, notes, store: sessionStore, clock, accountId },
    graceMs: options.graceMs,
    idTokens: sharedIdToken(identityProvider.id, store, accountId),
  });
  const session: CompanySession = new CompanySession({
    ...identityProvider,
    client: async () => guard.client(await client.signIn()),
    store: sessionStore,
    ...{ clock, log },
  });
  store.onDidChange((key) => {
    if (key === `companySession ${identityProvider.id}`) void session.follow();
  });
  session.onDidChange(({ current }) => {
    if (current.kind !== 'ended' || current.detector === 'otherWindow') return;
    const { account, atMs } = current;
    const place = { identityProvider: identityProvider.id, accountId: account.id };
    windows.drop(identityProvider.id);
    windows.tell({ kind: 'sessionEnded', ...place, atMs });
  });
  windows.onMessage((message) => {
    if (message.kind === 'sessionEnded') void session.revoked('otherWindow');
  });
  const counted = { mints: 0 };
  const mint = async (asked: MintWish, signal: AbortSignal): Promise<Access> => {
    const server = profile.servers.find(({ id }) => id === asked.serverId);
    if (server === undefined) throw new ConnectError('profile.missing');
    if (asked.profile !== (await profileMark(identityProvider, server))) {
      throw new ConnectError('profile.missing');
    }
    // Not restored yet, or of another account: whoever asks helps itself.
    if (asked.accountId !== accountId()) throw new ConnectError('profile.missing');
    const run = async (ended: AbortSignal, known: MintWish['known']): Promise<Access> => {
      const { protocol, ...others } = await client.outbound();
      counted.mints++;
      const request = { server, identityProvider, scopes: asked.scopes, known, signal: ended };
      return protocol.requestAccess(
        { ...request, onStep: () => undefined },
        {
          ...{ ...others, store, clock, tokenCapMs: 1_800_000 },
          prove: guard.prove(session.prove),
        },
      );
    };
    return windows.mint(asked, { run, bind: bind(server) }, signal);
  };
  const bind = (server: ServerProfile) => bindTo(server, { outbound, store });
  const restored = session.restore();
  const serving = windows.serve(identityProvider.id, {
    mint: async (asked, signal) => {
      await restored;
      return mint(asked, signal);
    },
    bind: (serverId) => {
      const server = profile.servers.find(({ id }) => id === serverId);
      if (server === undefined) throw new ConnectError('profile.missing');
      return bind(server);
    },
  });
  await restored;
  return {
    ...{ link, windows, session },
    minted: () => counted.mints,
    signIn: async () => {
      const browser = new HttpBrowser();
      const receiver = await startLoopbackReceiver({ organization: 'Acme', timeoutMs: 10_000 });
      const openUrl = (url: string) => {
        void browser.open(url, options.person).catch(() => undefined);
        return Promise.resolve(true);
      };
      try {
        await session.signIn({ openUrl, receiver }, new AbortController().signal);
      } finally {
        receiver.dispose();
      }
    },
    mint: async (serverId, { maxAgeMs = 0, insteadOf } = {}) => {
      const server = profile.servers.find(({ id }) => id === serverId)!;
      const asked = {
        identityProvider: identityProvider.id,
        accountId: accountId() ?? '',
        serverId,
        scopes: server.scopes,
        profile: await profileMark(identityProvider, server),
        ...{ maxAgeMs, insteadOf },
      };
      if (asked.accountId === '') throw new ConnectError('user.signedOut');
      return mint(asked, new AbortController().signal);
    },
    dispose: () => {
      serving.dispose();
      session.abandon();
      link.dispose();
    },
  };
}
