// The company sign-in in VS Code's Accounts menu. Invariant: a session names who is signed in and holds no
// credential; what other extensions get through it opens nothing.
import {
  authentication,
  Disposable as Subscription,
  type AuthenticationProvider,
  type AuthenticationProviderAuthenticationSessionsChangeEvent as SessionsChange,
  type AuthenticationSession,
  type Event as VscodeEvent,
} from 'vscode';
import { ConnectError } from '../core/errors.ts';
import { identitySessions, type IdentitySession } from '../core/identitySessions.ts';
import type { Disposable } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import { authenticationProvider } from './ids.ts';

interface AuthDeps {
  readonly actions: Pick<Actions, 'overview' | 'onDidChange' | 'signOut'>;
  /** Asks which identity provider where there are several, signs in within a time limit; its id. */
  readonly signIn: () => Promise<string>;
}

export function registerAuthProvider(deps: AuthDeps): Disposable {
  const { provider, dispose } = createAuthProvider(deps);
  const { id, label } = authenticationProvider;
  const registration = authentication.registerAuthenticationProvider(id, label, provider, {
    supportsMultipleAccounts: true,
  });
  return Subscription.from(registration, { dispose });
}

function createAuthProvider({ actions, signIn }: AuthDeps) {
  const opaque = new Map<string, string>();
  const present = (session: IdentitySession): AuthenticationSession => ({
    id: session.id,
    // VS Code wants a string here. This one is random, known to nobody and worth nothing.
    accessToken: remembered(opaque, session.id),
    account: session.account,
    scopes: [],
  });
  const sessions = () => identitySessions(actions.overview());
  const changes = createSessionChanges(() => sessions().map(present), actions.onDidChange);
  // VS Code shows the message of whatever is thrown here.
  const speak = async (error: unknown): Promise<never> => {
    const { spokenError } = await import('../core/present/refusal.ts');
    const { code, facts } = ConnectError.from(error);
    throw spokenError(code, { organization: actions.overview().organization, facts });
  };
  const provider: AuthenticationProvider = {
    onDidChangeSessions: changes.event,
    // Scopes do not matter: whoever asks learns the same name.
    getSessions: (_scopes, { account }) =>
      Promise.resolve(
        sessions()
          .filter((one) => account === undefined || one.account.id === account.id)
          .map(present),
      ),
    createSession: async () => {
      const identityProvider = await signIn().catch(speak);
      const session = sessions().find((one) => one.identityProvider === identityProvider);
      if (session === undefined) return speak(new ConnectError('user.cancelled'));
      return present(session);
    },
    removeSession: async (sessionId) => {
      const session = sessions().find(({ id }) => id === sessionId);
      if (session !== undefined) await actions.signOut(session.identityProvider).catch(speak);
    },
  };
  return { provider, dispose: changes.dispose };
}

function remembered(opaque: Map<string, string>, id: string): string {
  const value = opaque.get(id) ?? crypto.randomUUID();
  opaque.set(id, value);
  return value;
}

/** Sessions added and removed; what happens before VS Code listens is told when it does. */
function createSessionChanges(
  read: () => readonly AuthenticationSession[],
  onDidChange: Actions['onDidChange'],
): { event: VscodeEvent<SessionsChange>; dispose: () => void } {
  const listeners = new Set<(change: SessionsChange) => void>();
  let told: readonly AuthenticationSession[] = [];
  const tell = () => {
    if (listeners.size === 0) return;
    const current = read();
    const added = missingIn(told, current);
    const removed = missingIn(current, told);
    told = current;
    if (added.length + removed.length === 0) return;
    for (const listener of [...listeners]) listener({ added, removed, changed: [] });
  };
  const subscription = onDidChange(tell);
  const event: VscodeEvent<SessionsChange> = (listener, thisArg?: unknown, disposables?) => {
    const bound = (change: SessionsChange) => {
      listener.call(thisArg, change);
    };
    listeners.add(bound);
    queueMicrotask(tell);
    const end = new Subscription(() => listeners.delete(bound));
    disposables?.push(end);
    return end;
  };
  return {
    event,
    dispose: () => {
      subscription.dispose();
    },
  };
}

const missingIn = (
  list: readonly AuthenticationSession[],
  candidates: readonly AuthenticationSession[],
): AuthenticationSession[] => candidates.filter(({ id }) => !list.some((one) => one.id === id));
