// Keeps the context keys that the manifest's conditions read.
import { commands } from 'vscode';
import { canSignIn } from '../core/present/attention.ts';
import type { Disposable } from '../core/ports.ts';
import type { Overview } from '../core/overview.ts';
import { viewState } from '../core/present/view.ts';
import type { Actions } from './actions.ts';
import { contextKeys } from './ids.ts';

function valuesOf(overview: Overview): Record<keyof typeof contextKeys, string | boolean> {
  const sessions = overview.people.map(({ session }) => session.kind);
  return {
    view: viewState(overview),
    signedIn: sessions.includes('signedIn'),
    canSignIn: overview.people.some((person) => canSignIn(person, overview)),
    otherClients: overview.harnesses?.otherClients === true,
  };
}

export function registerContextKeys(
  actions: Pick<Actions, 'overview' | 'onDidChange'>,
): Disposable {
  const shown = new Map<string, string | boolean>();
  const update = () => {
    for (const [name, value] of Object.entries(valuesOf(actions.overview()))) {
      const key = contextKeys[name as keyof typeof contextKeys];
      if (shown.get(key) === value) continue;
      shown.set(key, value);
      void commands.executeCommand('setContext', key, value);
    }
  };
  update();
  return actions.onDidChange(update);
}
