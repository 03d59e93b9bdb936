// What a command acts on: the row it was run from, or a choice where there is more than one.
import { window, type QuickPickItem } from 'vscode';
import type { OwnedClient } from '../core/client/clientOwners.ts';
import { ConnectError } from '../core/errors.ts';
import type { Overview, PersonSnapshot } from '../core/overview.ts';
import { cleanText } from '../core/present/plainText.ts';
import { subjectOf } from '../core/present/row.ts';
import type { ConnectionSnapshot } from '../core/connection/state.ts';
import { stateWords } from '../core/present/stateWords.ts';

/**
 * The server of the row `from`, else the only one, else the one the person picks.
 * @throws user.cancelled when nothing is picked
 */
export async function chooseServer(
  overview: Overview,
  from: unknown,
  { title, fits }: { title: string; fits: (server: ConnectionSnapshot) => boolean },
): Promise<ConnectionSnapshot> {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  const named = overview.connections.find(
    ({ id }) => subject?.kind === 'server' && subject.id === id,
  );
  if (named !== undefined) return named;
  const context = { organization: overview.organization ?? '', nowMs: Date.now() };
  return pick(title, overview.connections.filter(fits), (server) => ({
    label: cleanText(server.label),
    description: stateWords(server, context),
  }));
}

/**
 * The identity provider of the row `from` (a person's or a server's), else the only one, else a pick.
 * @throws user.cancelled when nothing is picked
 */
export async function chooseIdentityProvider(
  overview: Overview,
  from: unknown,
  { title, fits }: { title: string; fits: (person: PersonSnapshot) => boolean },
): Promise<string> {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  const id =
    subject?.kind === 'server'
      ? overview.connections.find((one) => one.id === subject.id)?.identityProvider
      : subject?.id;
  const named = overview.people.find(({ identityProvider }) => identityProvider === id);
  const person =
    named ??
    (await pick(title, overview.people.filter(fits), ({ label, session }) => ({
      label: cleanText(label),
      description: 'account' in session ? cleanText(session.account.label) : 'Not signed in',
    })));
  return person.identityProvider;
}

/**
 * The registration of the row `from`, else the only one, else a pick.
 * @throws user.cancelled when nothing is picked
 */
export async function chooseClient(
  owners: readonly OwnedClient[],
  from: unknown,
  title: string,
): Promise<OwnedClient> {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  const kind = subject?.kind === 'person' ? 'identityProvider' : subject?.kind;
  const named = owners.filter((one) => one.kind === kind && one.id === subject?.id);
  return pick(title, named.length > 0 ? named : owners, ({ kind: at, label }) => ({
    label: cleanText(label),
    description: at === 'server' ? 'MCP server' : 'Company sign-in',
  }));
}

/** @throws user.cancelled when nothing is picked, or there is nothing to pick */
export async function pick<T>(
  title: string,
  choices: readonly T[],
  show: (choice: T) => QuickPickItem,
): Promise<T> {
  const [only] = choices;
  if (only === undefined) {
    void window.showInformationMessage('There is nothing to choose from at the moment.');
    throw new ConnectError('user.cancelled');
  }
  if (choices.length === 1) return only;
  const items = choices.map((choice) => ({ ...show(choice), choice }));
  const picked = await window.showQuickPick(items, { title, matchOnDescription: true });
  if (picked === undefined) throw new ConnectError('user.cancelled');
  return picked.choice;
}
