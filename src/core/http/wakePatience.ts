// A computer that wakes has no network for a while, or one that wants a sign-in of its own first. What
// fails then is tried again, as long as that cannot happen twice at the other side: a refresh token that was
// rotated and lost there is a session lost.
import { delay } from '../delay.ts';
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';

interface Deps {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

const patienceMs = 20_000;
const leastWaitMs = 1_000;

/** Of Node.js and undici, which VS Code's fetch is whenever redirects are not followed: nobody was reached. */
const neverArrived =
  /^(ENOTFOUND|EAI_\w+|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL|ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT)$/;
/** Of OpenSSL: the certificate was refused here, before the request was sent. */
const neverTrusted =
  /^(CERT_\w+|UNABLE_TO_\w+|SELF_SIGNED_\w+|DEPTH_ZERO_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

export class WakePatience {
  readonly #deps: Deps;
  #untilMs = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  woke(): void {
    this.#untilMs = this.#deps.clock.monotonic() + patienceMs;
  }

  /** @throws what `task` threw last, user.cancelled */
  async run<T>(task: () => Promise<T>, init: Pick<RequestInit, 'method' | 'signal'>): Promise<T> {
    const { clock, random } = this.#deps;
    const signal = init.signal ?? new AbortController().signal;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        const waitMs = leastWaitMs * (1 + random());
        const isPatient = clock.monotonic() + waitMs <= this.#untilMs;
        if (!isPatient || !isHarmlessAgain(error, init.method ?? 'GET')) throw error;
        await delay(waitMs, clock, signal);
      }
    }
  }
}

function isHarmlessAgain(error: unknown, method: string): boolean {
  if (!ConnectError.is(error)) return false;
  const { code, facts } = error;
  const { systemCode = '', status } = facts;
  const hadNoAnswer = code === 'identityProvider.unavailable' && status === undefined;
  if (method === 'GET') return code.startsWith('network.') || hadNoAnswer;
  return neverArrived.test(systemCode) || neverTrusted.test(systemCode);
}
