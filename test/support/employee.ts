// An employee with the real core, a real loopback redirect and a browser without a window.
import type { SignInOptions } from '../../src/core/companyDeps.ts';
import { Connections } from '../../src/core/connections.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { ConnectionSnapshot } from '../../src/core/connection/state.ts';
import { aloneWindow, type WindowMeans } from '../../src/core/windows/windowMeans.ts';
import { readProfile } from '../../src/core/profile/profile.ts';
import { startLoopbackReceiver } from '../../src/node/loopbackReceiver.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { HttpBrowser } from './httpBrowser.ts';

export interface Employee {
  readonly connections: Connections;
  /** What SecretStorage holds. */
  readonly secrets: Map<string, string>;
  /** Every URL given to the browser. */
  readonly opened: string[];
  readonly log: string[];
  readonly browser: HttpBrowser;
  signIn(identityProvider?: string, how?: SignInOptions): Promise<void>;
  state(serverId: string): ConnectionSnapshot['state'] | undefined;
  /** Resolves when `done` is true of the overview; rejects after `ms`. */
  until(done: () => boolean, ms?: number): Promise<void>;
  dispose(): Promise<void>;
}

export async function createEmployee(options: {
  profile: unknown;
  /** Who fills in the sign-in form, at every identity provider or at the one of this URL. */
  person: string | ((url: URL) => string);
  source?: 'settings' | 'managed';
  secrets?: Map<string, string>;
  preferences?: Map<string, unknown>;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** Instead of the computer's. */
  clock?: Clock;
  /** Of the network this computer is on. */
  networkMark?: () => string;
  /** The other windows of this person; none when left out. */
  windows?: WindowMeans;
  /** Whoever sits between the identity provider's page and where it sends the browser. */
  redirected?: (to: URL) => URL;
  /** How long somebody may take at the sign-in page, milliseconds. */
  signInMs?: number;
}): Promise<Employee> {
  const secrets = options.secrets ?? new Map<string, string>();
  const preferences = options.preferences ?? new Map<string, unknown>();
  const browser = new HttpBrowser(options.redirected);
  const { person } = options;
  const opened: string[] = [];
  const log: string[] = [];
  const write = (message: string, facts?: object) =>
    void log.push(`${message} ${JSON.stringify(facts ?? {})}`);
  const connections = new Connections({
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    clock: options.clock ?? systemClock,
    store: {
      keys: () => Promise.resolve([...secrets.keys()]),
      get: (key) => Promise.resolve(secrets.get(key)),
      store: (key, value) => Promise.resolve(void secrets.set(key, value)),
      delete: (key) => Promise.resolve(void secrets.delete(key)),
    },
    preferences: {
      get: (key) => preferences.get(key),
      set: (key, value) => Promise.resolve(void preferences.set(key, value)),
    },
    openUrl: (url) => {
      opened.push(url);
      const who = typeof person === 'string' ? person : person(new URL(url));
      void browser.open(url, who).catch(() => undefined);
      return Promise.resolve(true);
    },
    networkMark: options.networkMark ?? (() => ''),
    openWindows: () => Promise.resolve(options.windows ?? aloneWindow()),
    startReceiver: () =>
      startLoopbackReceiver({ organization: 'Acme', timeoutMs: options.signInMs ?? 10_000 }),
    log: { debug: write, info: write, warn: write, error: write },
    random: () => 0.5,
    clientVersion: '0.0.0-test',
    checkIntervalMinutes: () => undefined,
  });
  await connections.load(() =>
    Promise.resolve(readProfile(options.profile, options.source ?? 'settings')),
  );
  return {
    connections,
    secrets,
    opened,
    log,
    browser,
    signIn: (identityProvider = 'acme', how = {}) =>
      connections.signIn(identityProvider, new AbortController().signal, how),
    state: (serverId) => connections.connection(serverId)?.snapshot().state,
    until: (done, ms = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          end();
          const states = connections.overview().connections.map(({ id, state }) => [id, state]);
          reject(new Error(`not within ${ms} ms: ${JSON.stringify(states)}`));
        }, ms);
        const look = () => {
          if (!done()) return;
          end();
          resolve();
        };
        const subscription = connections.onDidChange(look);
        const end = () => {
          clearTimeout(timer);
          subscription.dispose();
        };
        look();
      }),
    dispose: () => connections.dispose(),
  };
}
