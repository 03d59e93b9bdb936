// The one place that knows openid-client's errors. Decides on the parsed OAuth `error`, never on the
// HTTP status; the other party's prose (error_description) stops here.
import { ConnectError, type ErrorCode, type Facts } from './errors.ts';

export type Leg = 'signIn' | 'refresh' | 'exchange' | 'redemption';

/** Answers of each leg by OAuth error. `subject` asks for a new subject first. */
const answers: Record<Leg, Readonly<Record<string, ErrorCode>>> = {
  signIn: {
    access_denied: 'identityProvider.signInRefused',
    invalid_client: 'identityProvider.clientRefused',
    unauthorized_client: 'identityProvider.clientRefused',
  },
  refresh: {
    invalid_grant: 'identityProvider.sessionEnded',
    invalid_client: 'identityProvider.clientRefused',
    unauthorized_client: 'identityProvider.clientRefused',
  },
  exchange: {
    access_denied: 'exchange.denied',
    invalid_target: 'exchange.targetRefused',
    invalid_scope: 'exchange.scopeRefused',
    unauthorized_client: 'exchange.clientNotAllowed',
    invalid_client: 'identityProvider.clientRefused',
    // RFC 8693 §2.2.2 and the ID-JAG draft disagree on the name of a bad subject; both mean it.
    invalid_grant: 'identityProvider.signInAgain',
    invalid_request: 'identityProvider.signInAgain',
    insufficient_user_authentication: 'exchange.stepUpRequired',
    unsupported_grant_type: 'exchange.answerInvalid',
  },
  redemption: {
    invalid_grant: 'redemption.refused',
    access_denied: 'redemption.denied',
    invalid_target: 'redemption.refused',
    invalid_client: 'redemption.clientRefused',
    unauthorized_client: 'redemption.clientRefused',
    unsupported_grant_type: 'redemption.grantNotSupported',
    invalid_scope: 'redemption.scopeRefused',
  },
};

/** For an answer that is neither a success nor an error we know. */
const otherwise: Record<Leg, ErrorCode> = {
  signIn: 'identityProvider.responseInvalid',
  refresh: 'identityProvider.responseInvalid',
  exchange: 'exchange.answerInvalid',
  redemption: 'redemption.answerInvalid',
};

const outages: Readonly<Record<string, Readonly<Record<Leg, ErrorCode>>>> = {
  temporarily_unavailable: unavailable(),
  server_error: unavailable(),
  slow_down: unavailable(),
};

function unavailable(): Record<Leg, ErrorCode> {
  return {
    signIn: 'identityProvider.unavailable',
    refresh: 'identityProvider.unavailable',
    exchange: 'identityProvider.unavailable',
    redemption: 'redemption.unavailable',
  };
}

/** Our error for whatever openid-client threw on `leg`. */
export function fromOAuth(error: unknown, leg: Leg, facts: Facts): ConnectError {
  const ours = causeOf(error, (at) => at instanceof ConnectError);
  if (ours instanceof ConnectError) {
    return new ConnectError(ours.code, { ...facts, ...ours.facts }, { cause: ours.cause });
  }
  const { error: name, status, code } = error as Record<string, unknown>;
  if (typeof name === 'string') {
    const known = { ...facts, ...statusFact(status), oauthError: oauthErrorName(name) };
    return new ConnectError(
      entry(answers[leg], name) ?? entry(outages, name)?.[leg] ?? otherwise[leg],
      known,
      { cause: error },
    );
  }
  const isIdToken = typeof code === 'string' && /^OAUTH_(JWT|JSON_ATTRIBUTE|KEY)/.test(code);
  const isSignIn = leg === 'signIn' || leg === 'refresh';
  return new ConnectError(
    isIdToken && isSignIn ? 'identityProvider.idTokenInvalid' : otherwise[leg],
    { ...facts, ...(typeof code === 'string' ? { systemCode: code.slice(0, 64) } : {}) },
    { cause: error },
  );
}

/** Never a property of the prototype: the name is another party's. */
const entry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const statusFact = (status: unknown): Facts => (typeof status === 'number' ? { status } : {});

/** RFC 6749 §5.2 characters only; anything else could carry a message. */
const oauthErrorName = (name: string): string =>
  /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(name) ? name : 'malformed';

function causeOf(error: unknown, is: (at: unknown) => boolean): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth++) {
    if (is(at)) return at;
  }
  return undefined;
}
