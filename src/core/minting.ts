// What a person who is signed in at one identity provider gets at its servers: access, by whichever window
// leads, and a first answer.
import type { Access } from './access/accessRequest.ts';
import type { Prove } from './access/idJag.ts';
import type { AccessReturns } from './connection/accessReturns.ts';
import type { MintRequest, ProbeRequest } from './connection/serverAccess.ts';
import { ConnectError } from './errors.ts';
import type { OutboundLoader } from './outbound.ts';
import type { Clock, Fetch, SecretStore } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile/profile.ts';
import type { Probed } from './server/probe.ts';
import type { CompanySession } from './signIn/companySession.ts';
import type { IdentityProviderClient } from './signIn/identityProviderClient.ts';
import { bindTo } from './windows/binding.ts';
import { profileMark } from './windows/profileMark.ts';
import type { RefreshGuard } from './windows/refreshGuard.ts';
import type { MintWish, RunMint } from './windows/sharedMint.ts';
import type { Serving, Windows } from './windows/windows.ts';

interface Deps {
  readonly profile: IdentityProviderProfile;
  readonly servers: () => readonly ServerProfile[];
  readonly client: IdentityProviderClient;
  readonly session: CompanySession;
  readonly guard: RefreshGuard;
  readonly windows: Windows;
  readonly returns: AccessReturns;
  readonly outbound: OutboundLoader;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly store: SecretStore;
  readonly clientVersion: string;
  /** Access is given up after so long, milliseconds. */
  readonly tokenCapMs: () => number;
}

export interface Minting {
  mint(server: ServerProfile, asked: MintRequest): Promise<Access>;
  probe(server: ServerProfile, asked: ProbeRequest): Promise<Probed>;
  /** For the other windows of this person, while this one leads. */
  readonly serving: Serving;
}

/** What is thrown is named by the company session: it may have failed what a server asks for. */
export function createMinting(deps: Deps): Minting {
  const { client, session, returns, profile, windows, fetch, clock, clientVersion } = deps;
  const runFor = createRun(deps);
  const judged = (error: unknown): never => {
    throw session.judge(error);
  };
  const shared = (wish: MintWish, server: ServerProfile, run: RunMint, signal: AbortSignal) =>
    windows.mint(wish, { run, bind: bindTo(server, deps) }, signal);
  const serverOf = (serverId: string) =>
    deps.servers().find(({ id }) => id === serverId) ?? missing();
  return {
    async mint(server, asked) {
      const wish = { ...asked, ...(await keyOf(server, deps)) };
      const run = runFor(server, { ...asked, accountId: wish.accountId });
      // The page a server wants confirmed is opened by the window it was asked for in.
      const given = await (
        asked.openInteraction === undefined
          ? shared(wish, server, run, asked.signal)
          : run(asked.signal, asked.known)
      ).catch(judged);
      // The window that asked may be allowed more.
      const access = { ...given, lifeMs: Math.min(given.lifeMs, deps.tokenCapMs()) };
      returns.cameFrom(access, server);
      return access;
    },
    async probe({ url }, asked) {
      const { protocol } = await client.outbound();
      return protocol.probe({ ...asked, url, clientVersion }, { fetch, clock }).catch(judged);
    },
    serving: {
      async mint(wish, signal) {
        const server = serverOf(wish.serverId);
        const isOurs = () => session.inForce?.accountId === wish.accountId;
        // The other window may have signed in just now.
        if (!isOurs()) await session.follow();
        const isSame = isOurs() && wish.profile === (await profileMark(profile, server));
        // Another profile or account there than here: it helps itself.
        if (!isSame) missing();
        const { scopes, accountId } = wish;
        const run = runFor(server, { scopes, accountId, onStep: () => undefined });
        return shared(wish, server, run, signal);
      },
      bind: (serverId) => bindTo(serverOf(serverId), deps),
    },
  };
}

interface RunRequest extends Pick<MintRequest, 'scopes' | 'onStep' | 'openInteraction'> {
  readonly accountId: string;
}

/** All legs, for whoever is signed in now and nobody else. */
function createRun(deps: Deps) {
  const { client, session, returns, profile } = deps;
  const prove = deps.guard.prove(session.prove);
  return (server: ServerProfile, { accountId, ...asked }: RunRequest) =>
    async (...[signal, known]: Parameters<RunMint>): Promise<Access> => {
      const requireSame = () => {
        if (session.inForce?.accountId !== accountId) throw new ConnectError('user.signedOut');
      };
      const proveSame: Prove = (ask) =>
        prove((subject) => {
          requireSame();
          return ask(subject);
        });
      const outbound = await client.outbound();
      const request = { ...asked, server, identityProvider: profile, signal, known };
      const legs = { ...deps, ...outbound, prove: proveSame, tokenCapMs: deps.tokenCapMs() };
      const access = await outbound.protocol.requestAccess(request, legs);
      returns.cameFrom(access, server);
      try {
        requireSame();
      } catch (error) {
        void returns.giveBack(access);
        throw error;
      }
      return access;
    };
}

const missing = (): never => {
  throw new ConnectError('profile.missing');
};

/** @throws user.signedOut, identityProvider.sessionEnded */
async function keyOf(server: ServerProfile, { profile, session }: Deps) {
  return {
    identityProvider: profile.id,
    accountId: session.requireAccountId(),
    serverId: server.id,
    profile: await profileMark(profile, server),
  };
}
