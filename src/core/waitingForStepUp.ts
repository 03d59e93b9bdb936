// Which connections only a stronger sign-in helps.
import type { Connection } from './connection/connection.ts';
import { isOpen } from './connection/state.ts';
import { isDemand } from './signIn/stepUp.ts';

/** Of those that are closed for it, or open but without what needs it. */
export const stepUpsOf = (connections: readonly Connection[]) =>
  connections.flatMap((connection) => {
    const { state, failure } = connection.snapshot();
    const mayWait = isOpen(state) || state.kind === 'needsSignIn';
    return mayWait && failure !== undefined && isDemand(failure) ? [failure] : [];
  });
