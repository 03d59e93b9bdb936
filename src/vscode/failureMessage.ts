// One message for what a person asked for and did not get.
import { commands, window } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import type { Overview } from '../core/overview.ts';
import type { Log } from '../core/ports.ts';
import { rowId, subjectOf } from '../core/present/row.ts';
import { explain, type Action, type Explanation } from '../core/present/sentences.ts';
import type { Actions } from './actions.ts';
import { commandIds } from './ids.ts';

const buttons: Record<Exclude<Action, 'none' | 'showLog'>, { title: string; command: string }> = {
  signIn: { title: 'Sign In', command: commandIds.signIn },
  reconnect: { title: 'Try Again', command: commandIds.reconnect },
  openProfile: { title: 'Open Profile', command: commandIds.openProfile },
  copyDetails: { title: 'Copy Details for Your Admin', command: commandIds.copyDetails },
  createDeviceKey: { title: 'Create Device Key…', command: commandIds.createDeviceKey },
  continueInBrowser: { title: 'Continue in Browser', command: commandIds.continueInBrowser },
  setClientSecret: { title: 'Store Client Secret…', command: commandIds.setClientSecret },
};

/** Tells why the command run from the row `from` failed, with the one thing to do about it; silent when cancelled. */
export async function showFailure(
  error: unknown,
  from: unknown,
  deps: { actions: Pick<Actions, 'overview'>; log: Log; showLog: () => void },
): Promise<void> {
  const { code, facts, cause } = ConnectError.from(error);
  if (code === 'user.cancelled') return;
  deps.log.error(`a command failed: ${code}`, facts);
  // The cause of a bug is ours; of anything else it may be another party's words.
  if (code === 'bug') deps.log.error('caused by', { reason: String(cause) });
  const { row, explanation } = explained(error, from, deps.actions.overview());
  const { sentence, action } = explanation;
  const button = buttonFor(action, row);
  const titles = [...(button === undefined ? [] : [button.title]), 'Show Log'];
  const chosen = await window.showErrorMessage(sentence, ...titles);
  if (chosen === 'Show Log') deps.showLog();
  else if (chosen !== undefined && button !== undefined) {
    await commands.executeCommand(button.command, row);
  }
}

function buttonFor(action: Action, row: string | undefined) {
  if (action === 'none' || action === 'showLog') return undefined;
  const kind = row === undefined ? undefined : subjectOf(row)?.kind;
  if (action !== 'reconnect') {
    return action === 'copyDetails' && kind === undefined ? undefined : buttons[action];
  }
  // What did not work from a person's row was the sign-in.
  if (kind === 'person') return { ...buttons.reconnect, command: commandIds.signIn };
  return kind === 'server' ? buttons.reconnect : undefined;
}

/** The sentence, and the row it is about: the one the command came from, else the only person's. */
function explained(
  error: unknown,
  from: unknown,
  { organization, managed, connections, people }: Overview,
): { explanation: Explanation; row: string | undefined } {
  const { code, facts } = ConnectError.from(error);
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  const server = connections.find(({ id }) => subject?.kind === 'server' && id === subject.id);
  const [only] = people.length === 1 ? people : [];
  const person =
    people.find((one) => subject?.kind === 'person' && one.identityProvider === subject.id) ?? only;
  const explanation = explain(code, {
    organization,
    managed,
    facts,
    server: server?.label,
    identityProvider: person?.label,
  });
  const personRow = person && rowId.person(person.identityProvider);
  return { explanation, row: server === undefined ? personRow : rowId.server(server.id) };
}
