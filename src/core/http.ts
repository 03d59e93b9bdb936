// Every small request to an identity provider, authorization server or metadata endpoint goes through
// here: no redirect followed, bounded in time and size, failures told apart by party.
import { ConnectError, type ErrorCode, type Facts } from './errors.ts';
import type { Clock, Fetch } from './ports.ts';
import { hostOf } from './url.ts';

/** Codes that tell an outage of this party from an answer. */
export interface Party {
  readonly unavailable: ErrorCode;
  readonly busy: ErrorCode;
}

export const identityProviderParty: Party = {
  unavailable: 'identityProvider.unavailable',
  busy: 'identityProvider.busy',
};
export const authorizationServerParty: Party = {
  unavailable: 'redemption.unavailable',
  busy: 'redemption.unavailable',
};
export const mcpServerParty: Party = {
  unavailable: 'server.unavailable',
  busy: 'server.unavailable',
};

const timeoutMs = 15_000;
const maxBytes = 1_048_576;
const requestIdHeaders = ['x-request-id', 'x-okta-request-id', 'x-correlation-id', 'request-id'];

export type GuardedFetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * A fetch whose answers are whole, at most 1 MiB, within 15 s, never redirected.
 * @throws network.* when there is no way there, the party's codes when it is down or busy,
 *   network.captivePortal for a redirect or a page where data belongs
 */
export function createGuardedFetch(
  deps: { fetch: Fetch; clock: Clock },
  party: Party,
): GuardedFetch {
  return async (url, init = {}) => {
    const timeout = new AbortController();
    const timer = deps.clock.schedule(timeoutMs, () => {
      timeout.abort(
        new ConnectError(party.unavailable, { host: hostOf(url), systemCode: 'TIMEOUT' }),
      );
    });
    const signals = [timeout.signal, ...(init.signal ? [init.signal] : [])];
    try {
      const response = await deps.fetch(url, {
        ...init,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
      refuseOutage(response, url, party);
      const body = await readBounded(response, url);
      return new Response(body.byteLength === 0 ? null : body, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      throw networkErrorOf(error, url, { signals, party });
    } finally {
      timer.dispose();
    }
  };
}

/** What of an answer may be told to an administrator. */
export function answerFacts(response: Response, url: string): Facts {
  const requestId = requestIdHeaders
    .map((name) => response.headers.get(name))
    .find((value) => value !== null && /^[\w.:-]{1,64}$/.test(value));
  return { host: hostOf(url), status: response.status, ...(requestId ? { requestId } : {}) };
}

function refuseOutage(response: Response, url: string, party: Party): void {
  const { status, headers } = response;
  const facts = answerFacts(response, url);
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterSec: seconds } : {};
    throw new ConnectError(status === 429 ? party.busy : party.unavailable, { ...facts, ...wait });
  }
  const isPage = headers.get('content-type')?.startsWith('text/html') === true;
  // A 404 page is an honest "no such metadata"; any other page or redirect is a sign-in of the network.
  if ((status >= 300 && status < 400) || (isPage && status !== 404)) {
    throw new ConnectError('network.captivePortal', facts);
  }
}

async function readBounded(response: Response, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      throw new ConnectError('discovery.metadataInvalid', {
        host: hostOf(url),
        reason: 'the answer is larger than 1 MiB',
      });
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** What kept an answer from coming. */
export function networkErrorOf(
  error: unknown,
  url: string,
  { signals, party }: { signals: readonly AbortSignal[]; party: Party },
): ConnectError {
  if (error instanceof ConnectError) return error;
  const reason: unknown = signals.find(({ aborted }) => aborted)?.reason;
  if (reason instanceof ConnectError) return reason;
  if (reason !== undefined) return new ConnectError('user.cancelled', {}, { cause: error });
  const systemCode = systemCodeOf(error);
  const facts = { host: hostOf(url), ...(systemCode ? { systemCode } : {}) };
  const code = failureCode(systemCode ?? '', party);
  return new ConnectError(code, facts, { cause: error });
}

/** No certificate, no way there, or nobody at home: three different people can mend these. */
function failureCode(systemCode: string, party: Party): ErrorCode {
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|EPROTO/.test(systemCode)) {
    return 'network.tls';
  }
  return /ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN/.test(systemCode)
    ? 'network.unreachable'
    : party.unavailable;
}

function systemCodeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code)) return code;
    if (at instanceof AggregateError) at.cause ??= at.errors[0];
  }
  return undefined;
}
