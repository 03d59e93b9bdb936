// Signing in as something a person watches, can cancel, and that never lasts for ever.
import { ProgressLocation, window } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import { cleanText } from '../core/present/plainText.ts';
import type { Actions } from './actions.ts';

const signInMs = 5 * 60_000;

/**
 * Signs in at `identityProviderId`; the notification with Cancel is there as long as it lasts.
 * @throws user.cancelled, user.timedOut, what the sign-in itself throws
 */
export async function signInWithProgress(
  actions: Pick<Actions, 'overview' | 'signIn'>,
  identityProviderId: string,
): Promise<void> {
  const timeout = AbortSignal.timeout(signInMs);
  const title = `Sign in to ${cleanText(actions.overview().organization ?? 'your company')} in your browser…`;
  await window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    async (_progress, cancellation) => {
      const cancelled = new AbortController();
      const subscription = cancellation.onCancellationRequested(() => {
        cancelled.abort();
      });
      const signal = AbortSignal.any([cancelled.signal, timeout]);
      await actions
        .signIn(identityProviderId, signal)
        .catch((error: unknown) => {
          throw timeout.aborted ? new ConnectError('user.timedOut') : error;
        })
        .finally(() => {
          subscription.dispose();
        });
    },
  );
}
