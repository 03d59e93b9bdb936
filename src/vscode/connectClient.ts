// Gives another MCP client on this computer a key and the text for its file, and takes keys back.
import { env, window } from 'vscode';
import { isUsable, isWaiting } from '../core/connection/state.ts';
import { ConnectError } from '../core/errors.ts';
import { maxClients, maxNameLength } from '../core/harness/clientKeys.ts';
import type { OtherClients } from '../core/harness/otherClients.ts';
import type { Clock } from '../core/ports.ts';
import { clientDocument } from '../core/present/clientDocument.ts';
import {
  freeName,
  lastUse,
  nameProblem,
  notAllowed,
  nothingConnected,
  tooMany,
} from '../core/present/clientRows.ts';
import { knownClients, type KnownClient } from '../core/present/clientSnippets.ts';
import { cleanText } from '../core/present/plainText.ts';
import { subjectOf } from '../core/present/row.ts';
import type { Actions } from './actions.ts';
import type { ClientPages } from './clientPages.ts';
import { inTurn } from './questions.ts';
import { oneOf, text } from './quickInput.ts';

interface ConnectDeps {
  readonly actions: Pick<Actions, 'overview'>;
  readonly clients: OtherClients;
  readonly pages: ClientPages;
}

const title = 'Connect Another Client';

/** @throws user.cancelled, storage.unavailable, gateway.notListening */
export async function connectClient({ actions, clients, pages }: ConnectDeps): Promise<void> {
  const { connections } = actions.overview();
  const servers = connections
    .filter(({ state }) => isUsable(state) || isWaiting(state))
    .map(({ id }) => id);
  const obstacle = obstacleTo(
    clients,
    connections.some(({ state }) => isUsable(state)),
  );
  if (obstacle !== undefined) {
    void window.showInformationMessage(obstacle);
    return;
  }
  const { client, name } = await asked(clients);
  const { entry, key, port } = await clients.create(name);
  try {
    const made = { name: entry.name, key: key.reveal(), port };
    const { snippet, document } = clientDocument(client, made, servers);
    await pages.show(entry.id, client, document);
    void offerCopy(client, snippet);
  } catch (error) {
    // Nobody has seen it.
    await clients.revoke(entry.id);
    throw error;
  }
}

function obstacleTo({ isAllowed, list }: OtherClients, isConnected: boolean): string | undefined {
  if (!isAllowed) return notAllowed;
  if (!isConnected) return nothingConnected;
  return list.length >= maxClients ? tooMany : undefined;
}

const asked = ({ list }: OtherClients): Promise<{ client: KnownClient; name: string }> =>
  inTurn(async (ask) => {
    const client = await ask(
      oneOf<KnownClient>({
        title,
        placeholder: 'Which client? It gets a key of its own.',
        choices: () =>
          knownClients.map((one) => ({
            label: one.name,
            detail: `Goes into ${one.file}`,
            icon: 'plug',
            answer: one,
          })),
      }),
    );
    const name = await ask(
      text({
        title,
        prompt: 'What do you call it? It is listed in the side bar by this name.',
        placeholder: client.name,
        value: freeName(client.name, list),
        problem: (entered) => nameProblem(entered, list),
      }),
    );
    return { client, name: cleanText(name, maxNameLength) };
  });

async function offerCopy({ file }: KnownClient, snippet: string): Promise<void> {
  const copy = 'Copy';
  const words = `Add the text to ${file}. The key in it is not shown again.`;
  if ((await window.showInformationMessage(words, copy)) !== copy) return;
  await env.clipboard.writeText(snippet);
  window.setStatusBarMessage('Copied', 2_000);
}

/** Of the row it comes from, else of the client the person picks. @throws user.cancelled, storage.unavailable */
export async function revokeClient(
  clients: OtherClients,
  from: unknown,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  if (clients.list.length === 0) {
    void window.showInformationMessage('No other client has a key.');
    return;
  }
  const { id, name } = await chosen(clients, from, clock);
  const yes = 'Revoke Key';
  const question = `Revoke the key of ${cleanText(name)}?`;
  const detail = 'It is cut off at once, and needs a new key to come back.';
  if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) {
    throw new ConnectError('user.cancelled');
  }
  await clients.revoke(id);
}

async function chosen({ list }: OtherClients, from: unknown, clock: Pick<Clock, 'now'>) {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  const known = list.find(({ id }) => subject?.kind === 'client' && id === subject.id);
  if (known !== undefined) return known;
  const now = { nowMs: clock.now() };
  const choices = () =>
    list.map((one) => ({ label: one.name, description: lastUse(one, now), answer: one }));
  const question = { title: 'Revoke Key of Another Client', placeholder: 'Whose key?', choices };
  return inTurn((ask) => ask(oneOf(question)));
}
