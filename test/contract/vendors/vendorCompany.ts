// A company whose parties behave as one vendor's do, and an employee with the profile its admin would write.
import type { ClientAuthentication } from '../../../src/sandbox/clients.ts';
import type { Setup } from '../../../src/sandbox/setup.ts';
import { explain } from '../../../src/core/present/sentences.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';
import type { LedgerEntry } from '../../support/sandbox.ts';

type Keys = Readonly<Record<string, unknown>>;

export interface ProfileChanges {
  /** How the app authenticates at the identity provider. */
  readonly there?: ClientAuthentication;
  /** And at every authorization server. */
  readonly atServers?: ClientAuthentication;
  readonly identityProvider?: Keys;
  readonly servers?: Keys;
  /** Ids of the servers in the profile. */
  readonly only?: readonly string[];
}

/** What else is special about an employee, e.g. somebody between them and the company. */
export type Circumstances = Partial<Omit<Parameters<typeof createEmployee>[0], 'profile'>>;

export interface Ending {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly oauthError: string | undefined;
  readonly status: number | undefined;
  /** Who must mend it. */
  readonly remedy: string | undefined;
  readonly sentence: string | undefined;
}

export interface VendorCompany {
  readonly sandbox: InProcessSandbox;
  /** Signs in and waits until every connection has come to an end or is open. */
  settled(person: string, changes?: ProfileChanges, more?: Circumstances): Promise<Employee>;
  employee(person: string, changes?: ProfileChanges, more?: Circumstances): Promise<Employee>;
  ending(employee: Employee, server: string): Ending;
  /** `leg outcome` of every request of these legs so far. */
  ledger(...legs: LedgerEntry['leg'][]): Promise<readonly string[]>;
  stop(): Promise<void>;
}

interface RawProfile {
  readonly organization: string;
  readonly identityProviders: readonly Keys[];
  readonly servers: readonly (Keys & { id: string; authorizationServer: string })[];
}

export async function openVendorCompany(setup: Setup): Promise<VendorCompany> {
  const sandbox = await startCompany(setup);
  const guests: Employee[] = [];

  const employee: VendorCompany['employee'] = async (person, changes = {}, more = {}) => {
    const profile = profileOf(sandbox, changes);
    const guest = await createEmployee({ profile, person, source: 'managed', ...more });
    guests.push(guest);
    return guest;
  };
  return {
    sandbox,
    employee,
    settled: async (person, changes, more) => {
      const guest = await employee(person, changes, more);
      await guest.signIn();
      await guest.until(() => isSettled(guest), 25_000);
      return guest;
    },
    ending: (guest, server) => endingOf(guest, server),
    ledger: async (...legs) =>
      (await sandbox.admin.ledger(0))
        .filter(({ leg }) => legs.includes(leg))
        .map(({ leg, outcome }) => `${leg} ${outcome}`),
    stop: async () => {
      await Promise.all(guests.map((guest) => guest.dispose()));
      await sandbox.stop();
    },
  };
}

/** No connection is on its way any more. */
export const isSettled = ({ connections }: Employee): boolean =>
  connections
    .overview()
    .connections.every(({ state }) => !['connecting', 'signedOut'].includes(state.kind));

function profileOf({ line }: InProcessSandbox, changes: ProfileChanges): RawProfile {
  const profile = line.profile as unknown as RawProfile;
  const { there, atServers, only } = changes;
  return {
    ...profile,
    identityProviders: profile.identityProviders.map((one) => ({
      ...one,
      ...clientOf(line.identityProvider.clients, there),
      ...changes.identityProvider,
    })),
    servers: profile.servers
      .filter(({ id }) => only?.includes(id) ?? true)
      .map((one) => ({
        ...one,
        ...clientOf(
          line.authorizationServers.find(({ issuer }) => issuer === one.authorizationServer)
            ?.clients ?? [],
          atServers,
        ),
        ...changes.servers,
      })),
  };
}

interface Registered {
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly clientSecret?: string;
}

const clientOf = (
  clients: readonly Registered[],
  method: ClientAuthentication | undefined,
): Keys =>
  method === undefined
    ? {}
    : { ...clients.find(({ clientAuthentication }) => clientAuthentication === method) };

function endingOf({ connections }: Employee, server: string): Ending {
  const { organization, people, connections: all, managed } = connections.overview();
  const one = all.find(({ id }) => id === server);
  const { code, facts } = one?.failure ?? {};
  const identityProvider = people[0]?.label;
  const told =
    code && explain(code, { organization, server: one?.label, identityProvider, managed, facts });
  return {
    state: one?.state.kind,
    code,
    oauthError: facts?.oauthError,
    status: facts?.status,
    remedy: told?.remedy,
    sentence: told?.sentence,
  };
}
