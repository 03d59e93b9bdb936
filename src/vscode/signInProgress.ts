// Signing in as something a person watches, can cancel, and that never lasts for ever.
import { env, ProgressLocation, window, type Progress } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import type { Clock, Disposable, OpenUrl, ShowCode, SignInCode } from '../core/ports.ts';
import { codeWords } from '../core/present/codeWords.ts';
import { cleanText } from '../core/present/plainText.ts';
import type { Actions } from './actions.ts';

const inBrowserMs = 5 * 60_000;
/** A code ends by itself; this is for one that does not. */
const withCodeMs = 60 * 60_000;
/** How often "within 9 minutes" is said anew. */
const repaintMs = 10_000;

export interface SignInDeps {
  readonly actions: Pick<Actions, 'overview' | 'signIn'>;
  readonly clock: Pick<Clock, 'now' | 'schedule'>;
  readonly openUrl: OpenUrl;
}

/**
 * Signs in at `identityProviderId`; the notification with Cancel is there as long as it lasts.
 * @throws user.cancelled, user.timedOut, what the sign-in itself throws
 */
export async function signInWithProgress(
  deps: SignInDeps,
  identityProviderId: string,
  how: 'browser' | 'code',
): Promise<void> {
  const { actions } = deps;
  const timeout = AbortSignal.timeout(how === 'code' ? withCodeMs : inBrowserMs);
  const where = how === 'code' ? 'with a code' : 'in your browser…';
  const title = `Sign in to ${cleanText(actions.overview().organization ?? 'your company')} ${where}`;
  await window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancellation) => {
      const cancelled = new AbortController();
      const subscription = cancellation.onCancellationRequested(() => {
        cancelled.abort();
      });
      const shown = showCodeIn(progress, deps);
      const signal = AbortSignal.any([cancelled.signal, timeout]);
      await actions
        .signIn(identityProviderId, signal, how === 'code' ? { withCode: shown.showCode } : {})
        .catch((error: unknown) => {
          throw timeout.aborted ? new ConnectError('user.timedOut') : error;
        })
        .finally(() => {
          shown.dispose();
          subscription.dispose();
        });
    },
  );
}

/** Keeps the code and the time left in the notification, with a button beside it, until disposed of. */
function showCodeIn(
  progress: Progress<{ message: string }>,
  { clock, openUrl }: SignInDeps,
): Disposable & { readonly showCode: ShowCode } {
  const state: { next?: Disposable; ended: boolean } = { ended: false };
  const offerPage = async ({ userCode, verificationUri, verificationUriComplete }: SignInCode) => {
    const button = 'Copy Code and Open Page';
    const message =
      verificationUriComplete === undefined
        ? 'Sign in on any device: open the page, and enter the code shown here.'
        : 'Sign in on any device: open the page, and compare the code there with the one shown here.';
    const chosen = await window.showInformationMessage(message, button);
    if (chosen !== button || state.ended) return;
    await env.clipboard.writeText(userCode);
    await openUrl(verificationUriComplete ?? verificationUri);
  };
  return {
    showCode: (code) => {
      const repaint = () => {
        if (state.ended) return;
        progress.report({ message: codeWords(code, clock.now()) });
        state.next = clock.schedule(repaintMs, repaint);
      };
      repaint();
      return offerPage(code);
    },
    dispose: () => {
      state.ended = true;
      state.next?.dispose();
    },
  };
}
