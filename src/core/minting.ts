// What a person who is signed in at one identity provider gets at its servers: access, and a first answer.
import type { Access } from './access/accessRequest.ts';
import type { AccessReturns } from './connection/accessReturns.ts';
import type { MintRequest, ProbeRequest } from './connection/serverAccess.ts';
import type { Clock, Fetch, SecretStore } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile/profile.ts';
import type { Probed } from './server/probe.ts';
import type { CompanySession } from './signIn/companySession.ts';
import type { IdentityProviderClient } from './signIn/identityProviderClient.ts';

interface Deps {
  readonly profile: IdentityProviderProfile;
  readonly client: IdentityProviderClient;
  readonly session: CompanySession;
  readonly returns: AccessReturns;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly store: SecretStore;
  readonly clientVersion: string;
  /** Access is given up after so long, milliseconds. */
  readonly tokenCapMs: () => number;
}

/** What is thrown is named by the company session: it may have failed what a server asks for. */
export function createMinting(deps: Deps) {
  const { client, session, returns, profile, fetch, clock, clientVersion } = deps;
  const judged = (error: unknown): never => {
    throw session.judge(error);
  };
  return {
    async mint(server: ServerProfile, asked: MintRequest): Promise<Access> {
      const request = { ...asked, server, identityProvider: profile };
      const outbound = await client.outbound();
      const access = await outbound.protocol
        .requestAccess(request, {
          ...{ ...deps, ...outbound, prove: session.prove },
          tokenCapMs: deps.tokenCapMs(),
        })
        .catch(judged);
      returns.cameFrom(access, server);
      return access;
    },
    async probe({ url }: ServerProfile, asked: ProbeRequest): Promise<Probed> {
      const { protocol } = await client.outbound();
      return protocol.probe({ ...asked, url, clientVersion }, { fetch, clock }).catch(judged);
    },
  };
}
