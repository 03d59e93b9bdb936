// VS Code's services as the ports of core.
import {
  env,
  window,
  type LogOutputChannel,
  type Memento,
  type SecretStorage,
  type Uri,
} from 'vscode';
import type { Clock, ListedSecretStore, Log, OpenUrl, Preferences } from '../core/ports.ts';
import { preferencesInTurn } from '../core/preferencesInTurn.ts';

export interface Host {
  readonly secrets: ListedSecretStore;
  readonly preferences: Preferences;
  readonly openUrl: OpenUrl;
  readonly log: Log;
  readonly clock: Clock;
  readonly channel: LogOutputChannel;
}

/** The ports, and the log channel to show and to dispose of. */
export function createHost(
  context: { readonly secrets: SecretStorage; readonly globalState: Memento },
  clock: Clock,
): Host {
  const channel = window.createOutputChannel('Enterprise MCP', { log: true });
  return {
    secrets: createSecretStore(context.secrets),
    preferences: preferencesInTurn(context.globalState),
    openUrl,
    log: createLog(channel),
    clock,
    channel,
  };
}

const createSecretStore = (storage: SecretStorage): ListedSecretStore => ({
  keys: async () => storage.keys(),
  get: async (key) => storage.get(key),
  store: async (key, value) => storage.store(key, value),
  delete: async (key) => storage.delete(key),
  onDidChange: (listener) =>
    storage.onDidChange(({ key }) => {
      listener(key);
    }),
});

/** A Uri would lose the encoding of a URL inside a parameter; at run time a string is accepted as well. */
const openUrl: OpenUrl = async (url) => env.openExternal(url as unknown as Uri);

/** Facts go through JSON: a Secret prints as [secret] and a line break stays inside its quotes. */
function createLog(channel: LogOutputChannel): Log {
  const line = (message: string, facts?: object) =>
    facts === undefined ? message : `${message} ${JSON.stringify(facts)}`;
  return {
    debug: (message, facts) => {
      channel.debug(line(message, facts));
    },
    info: (message, facts) => {
      channel.info(line(message, facts));
    },
    warn: (message, facts) => {
      channel.warn(line(message, facts));
    },
    error: (message, facts) => {
      channel.error(line(message, facts));
    },
  };
}
