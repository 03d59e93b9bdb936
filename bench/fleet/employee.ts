// One person's windows through one day: the product's own company, session, windows and connections, on a fake
// clock.
import { createChoices, type Choices } from '../../src/core/choices.ts';
import { Company } from '../../src/core/company.ts';
import type { CompanyDeps } from '../../src/core/companyDeps.ts';
import type { ListedSecretStore, Preferences } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import { createSessionStore, type StoredSession } from '../../src/core/signIn/storedSession.ts';
import { Windows } from '../../src/core/windows/windows.ts';
import { identityProviderEntry, serverEntry } from '../../test/support/entries.ts';
import type { EventClock } from './eventClock.ts';
import { identityProviderFetch } from './identityProvider.ts';
import { account, outboundLegs } from './legs.ts';
import type { Load } from './load.ts';
import { seededRandom } from './seededRandom.ts';
import type { Terms } from './terms.ts';
import { windowGroup } from './windowGroup.ts';
import { hourMs, minuteMs, mondayMs, type Call, type Workday } from './workday.ts';

const fridayMs = mondayMs - 3 * 24 * hourMs + 17 * hourMs;
const identityProvider = identityProviderEntry();
const serverId = (index: number): string => `server-${index}`;
const silent = () => undefined;
const lastSession: StoredSession = {
  account,
  membership: { emailDomain: undefined, hostedDomain: undefined, tenant: undefined },
  sinceMs: fridayMs,
  refreshToken: new Secret('friday'),
  idToken: undefined,
};
const log = { debug: silent, info: silent, warn: silent, error: silent };

export interface Person {
  readonly day: Workday;
  readonly seed: readonly number[];
  readonly terms: Terms;
  readonly load: Load;
  readonly clock: EventClock;
}

/** @returns calls that could not be sent */
export async function live(person: Person, untilMs: number): Promise<number> {
  const { day, clock } = person;
  const seen = { unsent: 0 };
  const windows: Company[] = [];
  const open = await opening(person);
  const endMs = Math.min(day.leavesAtMs, untilMs);
  const at = (atMs: number, task: () => unknown) => {
    if (atMs < endMs) clock.schedule(atMs - clock.now(), () => task());
  };
  for (const [index, atMs] of day.opensAtMs.entries()) {
    at(atMs, () => {
      windows[index] = open(index);
      return begin(windows[index], index, person.terms);
    });
  }
  for (const call of day.calls) {
    at(call.atMs, () =>
      send(windows, call).catch(() => {
        seen.unsent++;
      }),
    );
  }
  await clock.runUntil(endMs);
  const { unsent } = seen;
  const closed = Promise.all(windows.map((window) => window.dispose()));
  // What is under way is heard to its end.
  await clock.runUntil(endMs + minuteMs);
  await closed;
  return unsent;
}

/** As the gateway does for each request of a client. */
async function send(windows: readonly Company[], { window, server }: Call): Promise<void> {
  const connection = windows[window]?.connections.find((one) => one.server.id === serverId(server));
  if (connection === undefined) throw new Error('no such server');
  const { gate } = connection;
  if (!(gate instanceof AbortSignal)) throw gate;
  await connection.accessToken(gate);
}

/** The person signs in where the first window asks for it; the others hear of it. */
async function begin(company: Company, index: number, terms: Terms): Promise<void> {
  await company.restore();
  if (terms.signsInAnew && index === 0) await company.signIn(new AbortController().signal);
}

/** Closed since Friday, with what was kept then. */
async function opening(person: Person): Promise<(index: number) => Company> {
  const { day, terms, clock, seed } = person;
  const store = secretStore();
  if (!terms.signsInAnew) await createSessionStore(identityProvider, store).write(lastSession);
  const fetch = identityProviderFetch(clock, person.load, terms.outage);
  const choices = choicesOf(person);
  const group = windowGroup(day.opensAtMs.length);
  return (index) => {
    const random = seededRandom(...seed, 2, index);
    const outbound = outboundLegs({ ...terms, fetch, clock });
    const windows = new Windows({ ...group[index]!, store, clock, log });
    return openCompany({ clock, log, fetch, choices, random, outbound, windows }, terms);
  };
}

type OwnDeps = Pick<
  CompanyDeps,
  'clock' | 'log' | 'fetch' | 'choices' | 'random' | 'outbound' | 'windows'
>;

function openCompany(own: OwnDeps, terms: Terms): Company {
  const servers = Array.from({ length: terms.servers }, (_, index) =>
    serverEntry({ id: serverId(index) }),
  );
  return new Company(identityProvider, servers, {
    ...own,
    store: own.windows.secrets,
    openUrl: () => Promise.resolve(true),
    startReceiver: () =>
      Promise.resolve({
        redirectUri: 'http://127.0.0.1/',
        wait: () => Promise.resolve(new URL('http://127.0.0.1/')),
        dispose: silent,
      }),
    clientVersion: '1.0.0',
    limits: () => terms,
    isStopped: () => false,
    endsSession: () => false,
    onDidChange: silent,
  });
}

/** Every server was granted before, and one's own were used last. */
function choicesOf({ day, terms }: Person): Choices {
  const choices = createChoices(memory(), (error) => {
    throw error;
  });
  const servers = Array.from({ length: terms.servers }, (_, index) => index);
  for (const index of servers) {
    const server = serverEntry({ id: serverId(index) });
    const place = { identityProvider: 'acme', accountId: account.id, serverId: server.id };
    if (terms.isKnown) choices.past(() => place, server).accessGranted();
    const rank = day.own.indexOf(index);
    if (rank >= 0) choices.used(place, fridayMs - rank * hourMs);
  }
  return choices;
}

function memory(): Preferences {
  const kept = new Map<string, unknown>();
  return {
    get: (key) => kept.get(key),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
  };
}

function secretStore(): ListedSecretStore {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    store: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
    keys: () => Promise.resolve([...kept.keys()]),
  };
}
