// The way back from the identity provider where no loopback listener works: VS Code's own URI handler.
// Invariant: only a state issued here and still waited for is taken, once; anyone can send us a URI.
import { env, EventEmitter, Uri, window, Disposable as Subscription } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import type { Clock, Disposable, RedirectReceiver, StartRedirectReceiver } from '../core/ports.ts';

export interface UriRedirect extends Disposable {
  readonly start: StartRedirectReceiver;
}

/** VS Code allows one URI handler for an extension: this is it. */
export function registerUriRedirect(deps: {
  readonly extensionId: string;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly timeoutMs: number;
}): UriRedirect {
  const received = new EventEmitter<Uri>();
  const registration = window.registerUriHandler({
    handleUri: (uri) => {
      if (uri.path === '/callback') received.fire(uri);
    },
  });
  return {
    start: async () => {
      const here = Uri.parse(`${env.uriScheme}://${deps.extensionId}/callback`);
      const external = await env.asExternalUri(here);
      return createReceiver(external.toString(true), received, deps);
    },
    dispose: () => {
      Subscription.from(registration, received).dispose();
    },
  };
}

function createReceiver(
  redirectUri: string,
  received: EventEmitter<Uri>,
  { clock, timeoutMs }: { clock: Pick<Clock, 'schedule'>; timeoutMs: number },
): RedirectReceiver {
  const ends = new Set<() => void>();
  const wait: RedirectReceiver['wait'] = (state, signal) =>
    new Promise((resolve, reject) => {
      const end = () => {
        subscription.dispose();
        timer.dispose();
        signal.removeEventListener('abort', cancel);
        ends.delete(cancel);
      };
      const fail = (code: 'user.cancelled' | 'user.timedOut') => {
        end();
        reject(new ConnectError(code));
      };
      const cancel = () => {
        fail('user.cancelled');
      };
      const timer = clock.schedule(timeoutMs, () => {
        fail('user.timedOut');
      });
      const subscription = received.event((uri) => {
        const answer = new URLSearchParams(uri.query);
        if (answer.getAll('state').join() !== state) return;
        end();
        resolve(withAnswer(redirectUri, answer));
      });
      ends.add(cancel);
      signal.addEventListener('abort', cancel);
      if (signal.aborted) cancel();
    });
  return {
    redirectUri,
    wait,
    dispose: () => {
      for (const end of [...ends]) end();
    },
  };
}

/** VS Code hands over its own form of the URI; the sign-in needs the one the provider was given. */
function withAnswer(redirectUri: string, answer: URLSearchParams): URL {
  const url = new URL(redirectUri);
  for (const [name, value] of answer) url.searchParams.append(name, value);
  return url;
}
