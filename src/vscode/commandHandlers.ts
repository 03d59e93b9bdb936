// What each command does, loaded on first use. Each ends in a sentence when it fails, and in nothing when
// cancelled.
import { commands, env, Uri, version, window } from 'vscode';
import { connectionDetails, signInDetails, type Versions } from '../core/present/adminDetails.ts';
import { canSignIn } from '../core/present/attention.ts';
import { ConnectError } from '../core/errors.ts';
import { allowListEntry } from '../core/harness/serverLists.ts';
import type { Overview, PersonSnapshot } from '../core/overview.ts';
import type { Disposable } from '../core/ports.ts';
import { subjectOf } from '../core/present/row.ts';
import type { ConnectionSnapshot } from '../core/connection/state.ts';
import { chooseIdentityProvider, chooseServer } from './choices.ts';
import { forgetEverything } from './forgetEverything.ts';
import { promptForClientSecret } from './clientSecretPrompt.ts';
import { showFailure } from './failureMessage.ts';
import { registerClientPages, type ClientPages } from './clientPages.ts';
import type { CommandDeps, CommandName } from './commands.ts';
import { registerDeviceKeyView, type DeviceKeyView } from './deviceKey.ts';
import { settingKeys, settingsSection, viewIds } from './ids.ts';
import { registerReportView, type ReportView } from './reportView.ts';
import { signInWithProgress, type SignInDeps } from './signInProgress.ts';

export interface CommandHandlers extends Disposable {
  /** Never rejects: a failure is told, a cancel is not. */
  run(name: CommandName, from: unknown): Promise<void>;
}

type Handler = (from: unknown) => Promise<void>;
type HandlerDeps = CommandDeps & {
  readonly deviceKeys: DeviceKeyView;
  readonly reports: ReportView;
  readonly clientPages: ClientPages;
};

export function createCommandHandlers(deps: CommandDeps): CommandHandlers {
  const deviceKeys = registerDeviceKeyView(deps.actions);
  const reports = registerReportView();
  const clientPages = registerClientPages();
  const all: HandlerDeps = { ...deps, deviceKeys, reports, clientPages };
  const handlers: Record<CommandName, Handler> = {
    ...signInHandlers(all),
    ...serverHandlers(all),
    ...supportHandlers(all),
    ...profileHandlers(all),
    ...clientHandlers(all),
  };
  return {
    run: (name, from) =>
      handlers[name](from).catch((error: unknown) => {
        void showFailure(error, from, deps);
      }),
    dispose: () => {
      deviceKeys.dispose();
      reports.dispose();
      clientPages.dispose();
    },
  };
}

/**
 * Asks which identity provider where several have nobody signed in, and signs in there: with a code where
 * the person wants that, or the profile.
 */
export async function signIn(deps: SignInDeps, from?: unknown, how?: 'code'): Promise<string> {
  const overview = deps.actions.overview();
  const fits = (person: PersonSnapshot) => canSignIn(person, overview);
  const title = 'Sign in at which company sign-in?';
  if (overview.people.length === 0) throw new ConnectError('profile.missing');
  const id = await chooseIdentityProvider(overview, from, { title, fits });
  const person = overview.people.find(({ identityProvider }) => identityProvider === id);
  await signInWithProgress(deps, id, person?.withCode === true ? 'code' : (how ?? 'browser'));
  return id;
}

const signInHandlers = ({ actions, ...deps }: CommandDeps) => ({
  signIn: async (from: unknown) => {
    await signIn({ actions, ...deps }, from);
  },
  signInWithCode: async (from: unknown) => {
    await signIn({ actions, ...deps }, from, 'code');
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
    continueInBrowser: async (from: unknown) => {
      const id = await choose(from, 'Continue with which server?', canContinueInBrowser);
      await inView(() => actions.continueInBrowser(id));
    },
    turnOff: async (from: unknown) => {
      await actions.turnOff(await choose(from, 'Turn which server off?', isOn));
    },
    turnOn: async (from: unknown) => {
      await actions.turnOn(await choose(from, 'Turn which server on?', (one) => !isOn(one)));
    },
  };
}

function supportHandlers(deps: HandlerDeps) {
  const { actions, clock, reports, showLog, extensionVersion, support } = deps;
  return {
    copyDetails: async (from: unknown) => {
      const versions = { extensionVersion, vscodeVersion: version, nowMs: clock.now() };
      const details = await detailsOf(actions.overview(), from, versions);
      await env.clipboard.writeText(details ?? '');
      void window.showInformationMessage(
        'Details copied. Paste them into a message to your administrator.',
      );
    },
    copyAllowListEntry: async (from: unknown) => {
      const title = 'Copy the allow-list entry of which server?';
      const server = await chooseServer(actions.overview(), from, { title, fits: () => true });
      await env.clipboard.writeText(allowListEntry(server));
      void window.showInformationMessage(
        'Copied. An administrator adds it to the MCP servers that VS Code may use (policy ChatAllowedMcpServers).',
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
      // To edit is to write a first line, which is for an empty profile only.
      const edit = actions.overview().organization === undefined;
      const revealSetting = { key: `${settingsSection}.${settingKeys.profile}`, edit };
      await commands.executeCommand('workbench.action.openSettingsJson', { revealSetting });
    },
    setClientSecret: (from: unknown) => promptForClientSecret(actions, from),
    forgetEverything: () => forgetEverything(actions),
    showShadowConnections: async () => {
      const { showShadowConnections } = await import('./shadowConnections.ts');
      await showShadowConnections((await support()).shadow);
    },
    revocationDrill: async () => {
      const { runRevocationDrill } = await import('./revocationDrill.ts');
      await runRevocationDrill({ actions, clock, reports }, await support());
    },
  };
}

/** Loaded when somebody adds something: with the catalogue, and never by a window that only works. */
const profileHandlers = ({ actions, deviceKeys }: HandlerDeps) => ({
  addServer: async () => {
    const { addServer } = await import('./addServer.ts');
    await addServer(actions);
  },
  addIdentityProvider: async () => {
    const { addIdentityProvider } = await import('./addIdentityProvider.ts');
    await addIdentityProvider(actions);
  },
  createDeviceKey: deviceKeys.create,
});

const clientHandlers = ({ actions, clock, otherClients, clientPages: pages }: HandlerDeps) => ({
  connectClient: async () => {
    const { clients } = await otherClients();
    const { connectClient } = await import('./connectClient.ts');
    await connectClient({ actions, clients, pages });
  },
  revokeClient: async (from: unknown) => {
    const { clients } = await otherClients();
    const { revokeClient } = await import('./connectClient.ts');
    await revokeClient(clients, from, clock);
  },
});

const canContinueInBrowser = ({ failure }: ConnectionSnapshot): boolean =>
  failure?.code === 'redemption.interactionRequired';

/** Of the row's sign-in or server, else of the server the person picks. */
async function detailsOf(overview: Overview, from: unknown, versions: Versions) {
  const subject = typeof from === 'string' ? subjectOf(from) : undefined;
  if (subject?.kind === 'person') return signInDetails(overview, subject.id, versions);
  const title = 'Copy the details of which server?';
  const { id } = await chooseServer(overview, from, { title, fits: () => true });
  return connectionDetails(overview, id, versions);
}
