// The commands: id → what it does. Each ends in a sentence when it fails, and in nothing when cancelled.
import { commands, Disposable as Subscription, env, Uri, version, window } from 'vscode';
import { connectionDetails, signInDetails, type Versions } from '../core/present/adminDetails.ts';
import { canSignIn } from '../core/present/attention.ts';
import { ConnectError } from '../core/errors.ts';
import type { Overview, PersonSnapshot } from '../core/overview.ts';
import type { Clock, Disposable, Log } from '../core/ports.ts';
import { subjectOf } from '../core/present/row.ts';
import type { ConnectionSnapshot } from '../core/state.ts';
import type { Actions } from './actions.ts';
import { chooseIdentityProvider, chooseServer } from './choices.ts';
import { promptForClientSecret } from './clientSecretPrompt.ts';
import { showFailure } from './failureMessage.ts';
import { commandIds, settingKeys, settingsSection, viewIds } from './ids.ts';
import { signInWithProgress } from './signInProgress.ts';

export interface CommandDeps {
  readonly actions: Actions;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly showLog: () => void;
  readonly extensionVersion: string;
}

type Handler = (from: unknown) => Promise<void>;

export function registerCommands(deps: CommandDeps): Disposable {
  const handlers: Record<keyof typeof commandIds, Handler> = {
    ...signInHandlers(deps),
    ...serverHandlers(deps),
    ...supportHandlers(deps),
  };
  return Subscription.from(
    ...Object.entries(handlers).map(([name, handler]) =>
      commands.registerCommand(commandIds[name as keyof typeof commandIds], (from: unknown) =>
        handler(from).catch((error: unknown) => {
          void showFailure(error, from, deps);
        }),
      ),
    ),
  );
}

/** Asks which identity provider where several have nobody signed in, and signs in there. */
export async function signIn(
  actions: Pick<Actions, 'overview' | 'signIn'>,
  from?: unknown,
): Promise<string> {
  const overview = actions.overview();
  const fits = (person: PersonSnapshot) => canSignIn(person, overview);
  const title = 'Sign in at which company sign-in?';
  if (overview.people.length === 0) throw new ConnectError('profile.missing');
  const id = await chooseIdentityProvider(overview, from, { title, fits });
  await signInWithProgress(actions, id);
  return id;
}

const signInHandlers = ({ actions }: CommandDeps) => ({
  signIn: async (from: unknown) => {
    await signIn(actions, from);
  },
  signOut: async (from: unknown) => {
    const fits = ({ session }: PersonSnapshot) => session.kind === 'signedIn';
    const title = 'Sign out where?';
    await actions.signOut(await chooseIdentityProvider(actions.overview(), from, { title, fits }));
  },
});

function serverHandlers({ actions }: CommandDeps) {
  const isOn = ({ state }: ConnectionSnapshot) => state.kind !== 'turnedOff';
  const choose = async (from: unknown, title: string, fits: typeof isOn) =>
    (await chooseServer(actions.overview(), from, { title, fits })).id;
  const inView = (task: () => Promise<void>) =>
    Promise.resolve(window.withProgress({ location: { viewId: viewIds.connections } }, task));
  return {
    reconnect: async (from: unknown) => {
      const id = await choose(from, 'Reconnect which server?', isOn);
      await inView(() => actions.reconnect(id));
    },
    reconnectAll: () => inView(() => actions.reconnectAll()),
    checkNow: () => inView(() => actions.checkNow()),
    turnOff: async (from: unknown) => {
      await actions.turnOff(await choose(from, 'Turn which server off?', isOn));
    },
    turnOn: async (from: unknown) => {
      await actions.turnOn(await choose(from, 'Turn which server on?', (one) => !isOn(one)));
    },
  };
}

function supportHandlers({ actions, clock, showLog, extensionVersion }: CommandDeps) {
  return {
    copyDetails: async (from: unknown) => {
      const versions = { extensionVersion, vscodeVersion: version, nowMs: clock.now() };
      const details = await detailsOf(actions.overview(), from, versions);
      await env.clipboard.writeText(details ?? '');
      void window.showInformationMessage(
        'Details copied. Paste them into a message to your administrator.',
      );
    },
    showLog: () => {
      showLog();
      return Promise.resolve();
    },
    openProfile: async () => {
      const file = actions.managedProfile();
      if (file !== undefined) {
        await window.showTextDocument(Uri.file(file));
        return;
      }
      const revealSetting = { key: `${settingsSection}.${settingKeys.profile}`, edit: true };
      await commands.executeCommand('workbench.action.openSettingsJson', { revealSetting });
    },
    setClientSecret: (from: unknown) => promptForClientSecret(actions, from),
  };
}

/** Of the row's sign-in or server, else of the server the person picks. */
async function detailsOf(overview: Overview, from: unknown, versions: Versions) {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  if (subject?.kind === 'person') return signInDetails(overview, subject.id, versions);
  const title = 'Copy the details of which server?';
  const { id } = await chooseServer(overview, from, { title, fits: () => true });
  return connectionDetails(overview, id, versions);
}
