// Every small request to an identity provider, authorization server or metadata endpoint goes through
// here: no redirect followed, bounded in time and size, failures told apart by party.
import { ConnectError, type ErrorCode, type Facts } from '../errors.ts';
import { clockOffsetSec } from './clockSkew.ts';
import type { Clock, Fetch } from '../ports.ts';
import { retryAfterSec } from './retryAfter.ts';
import { hostOf } from '../url.ts';

/** Codes that tell an outage of this party from an answer. */
export interface Party {
  readonly unavailable: ErrorCode;
  readonly busy: ErrorCode;
  /** For an answer nobody could use, whatever it says. */
  readonly unusable: ErrorCode;
  /** A page from it is an answer: an MCP server may stand on the host of a web site. */
  readonly mayAnswerWithPages?: true;
  /** Is asked for what changed since (RFC 9110 §13), and may say that nothing did. */
  readonly mayBeUnchanged?: true;
}

export const identityProviderParty: Party = {
  unavailable: 'identityProvider.unavailable',
  busy: 'identityProvider.busy',
  unusable: 'identityProvider.responseInvalid',
};
export const authorizationServerParty: Party = {
  unavailable: 'redemption.unavailable',
  busy: 'redemption.unavailable',
  unusable: 'redemption.answerInvalid',
};
export const mcpServerParty: Party = {
  unavailable: 'server.unavailable',
  busy: 'server.unavailable',
  unusable: 'server.protocolError',
  mayAnswerWithPages: true,
};

const timeoutMs = 15_000;
const maxBytes = 1_048_576;
const requestIdHeaders = ['x-request-id', 'x-okta-request-id', 'x-correlation-id', 'request-id'];

export interface GuardedInit extends RequestInit {
  /** Begun by the person just now: goes out although the party was down a moment ago. */
  readonly urgent?: true;
}

export type GuardedFetch = (url: string, init?: GuardedInit) => Promise<Response>;

/**
 * A fetch whose answers are whole, at most 1 MiB, within 15 s, never redirected. An OAuth error in answer to
 * a POST comes back as such, whatever its status.
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
      return await wholeAnswer(response, url, {
        refusal: refusalOf(response, url, { party, nowMs: deps.clock.now() }),
        // An MCP server is no authorization server: what it says about access is in its challenge.
        mayBeOAuthError:
          init.method === 'POST' && response.status >= 400 && party !== mcpServerParty,
        unusable: party.unusable,
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

/** A 404 page is an honest "nothing here". */
export const isPage = ({ status, headers }: Response): boolean =>
  status !== 404 && headers.get('content-type')?.startsWith('text/html') === true;

/** Why an answer is none, told without its body. */
function refusalOf(
  response: Response,
  url: string,
  { party, nowMs }: { party: Party; nowMs: number },
): ConnectError | undefined {
  const { status, headers } = response;
  const offsetSec = clockOffsetSec(headers.get('date'), nowMs);
  const offset = offsetSec === undefined ? {} : { clockOffsetSec: offsetSec };
  const facts = { ...answerFacts(response, url), ...offset };
  if (status === 429 || status >= 500) {
    const seconds = retryAfterSec(headers, nowMs);
    const wait = seconds === undefined ? {} : { retryAfterSec: seconds };
    return new ConnectError(status === 429 ? party.busy : party.unavailable, { ...facts, ...wait });
  }
  // A redirect, or a page where none belongs, is a sign-in of the network.
  const isForeign = isPage(response) && party.mayAnswerWithPages !== true;
  const isUnchanged = status === 304 && party.mayBeUnchanged === true;
  return (status >= 300 && status < 400 && !isUnchanged) || isForeign
    ? new ConnectError('network.captivePortal', facts)
    : undefined;
}

async function wholeAnswer(
  response: Response,
  url: string,
  asked: { refusal: ConnectError | undefined; mayBeOAuthError: boolean; unusable: ErrorCode },
): Promise<Response> {
  const { refusal, mayBeOAuthError, unusable } = asked;
  const { status, headers } = response;
  if (refusal !== undefined && !mayBeOAuthError) {
    await response.body?.cancel().catch(() => undefined);
    throw refusal;
  }
  const body = await readBounded(response, url, unusable).catch((error: unknown) => {
    throw refusal ?? error;
  });
  if (mayBeOAuthError && isOAuthRefusal(body)) {
    // openid-client reads an error from a 4xx without a challenge only (RFC 6749 §5.2 has one with 401).
    const kept = keptHeaders.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    const json: [string, string] = ['content-type', 'application/json'];
    return new Response(body, { status: status < 500 ? status : 400, headers: [json, ...kept] });
  }
  if (refusal !== undefined) throw refusal;
  return new Response(body.byteLength === 0 ? null : body, { status, headers });
}

/** Of an OAuth error. A challenge is left out: it would hide the error from openid-client. */
const keptHeaders = ['date', 'dpop-nonce', 'retry-after', ...requestIdHeaders];

/**
 * What RFC 6749 §5.2, RFC 8628 §3.5, RFC 8693 §2.2.2, OpenID Connect Core §3.1.2.6, RFC 9449 §8, RFC 9470 and the
 * interaction response draft call an answer. A removal must not pass for an outage because of its status; what a
 * proxy or a rate limit puts in `error` is no answer.
 */
const oauthRefusal =
  /^(access_denied|invalid_(request|client|grant|scope|target|dpop_proof)|unauthorized_client|unsupported_grant_type|(login|interaction|consent)_required|(authorization|interaction)_pending|expired_token|insufficient_(user_authentication|claims)|use_dpop_nonce)$/;

function isOAuthRefusal(body: Uint8Array): boolean {
  const answer = parsed(body);
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return false;
  return typeof answer.error === 'string' && oauthRefusal.test(answer.error);
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

async function readBounded(
  response: Response,
  url: string,
  unusable: ErrorCode,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      throw new ConnectError(unusable, {
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
  const certificate = systemCode === undefined ? undefined : certificateOf(error);
  const facts = {
    host: hostOf(url),
    ...(systemCode ? { systemCode } : {}),
    ...(certificate ? { certificate } : {}),
  };
  const code = failureCode(systemCode ?? '', party);
  return new ConnectError(code, facts, { cause: error });
}

/** No certificate, no way there, or nobody at home: three different people can mend these. */
function failureCode(systemCode: string, party: Party): ErrorCode {
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|EPROTO/.test(systemCode)) {
    return 'network.tls';
  }
  return /ENOTFOUND|EAI_|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL/.test(systemCode)
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

/** Name on a certificate that was refused, for whoever knows this network. */
function certificateOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { cert } = at as { cert?: { subject?: { CN?: unknown }; issuer?: { CN?: unknown } } };
    const name = cert?.subject?.CN ?? cert?.issuer?.CN;
    if (typeof name === 'string') return name.replace(/[^\x20-\x7e]/g, '').slice(0, 100);
  }
  return undefined;
}
