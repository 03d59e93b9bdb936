// The one place that knows openid-client's errors. Decides on the parsed OAuth `error`, never on the
// HTTP status; the other party's prose (error_description) stops here.
import { namingSkew } from './clockSkew.ts';
import type { WWWAuthenticateChallenge } from 'openid-client';
import { ConnectError, type ErrorCode, type Facts } from '../errors.ts';
import { stepUpFacts } from '../server/stepUpDemand.ts';

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
    login_required: 'identityProvider.signInAgain',
    interaction_required: 'identityProvider.signInAgain',
    consent_required: 'identityProvider.signInAgain',
    insufficient_user_authentication: 'exchange.stepUpRequired',
    unsupported_grant_type: 'exchange.notSupported',
    invalid_dpop_proof: 'exchange.bindingMissing',
    use_dpop_nonce: 'exchange.bindingMissing',
  },
  redemption: {
    invalid_grant: 'redemption.refused',
    access_denied: 'redemption.denied',
    invalid_target: 'redemption.refused',
    invalid_client: 'redemption.clientRefused',
    unauthorized_client: 'redemption.clientRefused',
    unsupported_grant_type: 'redemption.grantNotSupported',
    invalid_scope: 'redemption.scopeRefused',
    insufficient_claims: 'redemption.refused',
    interaction_required: 'redemption.interactionRequired',
    interaction_pending: 'redemption.interactionRequired',
    insufficient_user_authentication: 'server.stepUpRequired',
    invalid_dpop_proof: 'redemption.bindingMissing',
    use_dpop_nonce: 'redemption.bindingMissing',
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
    // An answer nobody could use, told apart by what was asked.
    const isUnusable = Object.values(otherwise).includes(ours.code);
    const code = isUnusable ? otherwise[leg] : ours.code;
    return new ConnectError(code, { ...facts, ...ours.facts }, { cause: ours.cause });
  }
  const { status, code } = error as Record<string, unknown>;
  const name = oauthErrorOf(error);
  if (name !== undefined) {
    const said = { ...facts, ...statusFact(status), ...demandOf(error) };
    const known = { ...said, oauthError: oauthErrorName(name) };
    return namingSkew(new ConnectError(codeOf(error, leg, name), known, { cause: error }));
  }
  const isIdToken = typeof code === 'string' && /^OAUTH_(JWT|JSON_ATTRIBUTE|KEY)/.test(code);
  const isSignIn = leg === 'signIn' || leg === 'refresh';
  return namingSkew(
    new ConnectError(
      isIdToken && isSignIn ? 'identityProvider.idTokenInvalid' : otherwise[leg],
      { ...facts, ...(typeof code === 'string' ? { systemCode: code.slice(0, 64) } : {}) },
      { cause: error },
    ),
  );
}

/** From the body, or from a challenge where the library looked no further (RFC 6749 §5.2, RFC 6750 §3). */
function oauthErrorOf(error: unknown): string | undefined {
  const { error: name, cause } = error as Record<string, unknown>;
  if (typeof name === 'string') return name;
  const challenges = (Array.isArray(cause) ? cause : []) as readonly WWWAuthenticateChallenge[];
  return challenges.find(({ parameters }) => parameters.error !== undefined)?.parameters.error;
}

function codeOf(error: unknown, leg: Leg, name: string): ErrorCode {
  const description = (error as Record<string, unknown>)['error_description'];
  // The one word of prose that counts: it tells a request nobody there understands from a bad subject.
  const isForeign = typeof description === 'string' && description.includes('requested_token_type');
  if (leg === 'exchange' && name === 'invalid_request' && isForeign) return 'exchange.notSupported';
  return entry(answers[leg], name) ?? entry(outages, name)?.[leg] ?? otherwise[leg];
}

/** Members of the refusal that led to `error`; another party wrote them. */
export function refusalBody(error: Pick<ConnectError, 'cause'>): Readonly<Record<string, unknown>> {
  const { cause } = (error.cause ?? {}) as { cause?: unknown };
  return typeof cause === 'object' && cause !== null && !Array.isArray(cause) ? { ...cause } : {};
}

function demandOf(error: unknown): Facts {
  const { acr_values: acrValues, max_age: maxAge } = refusalBody({ cause: error });
  return stepUpFacts(acrValues, maxAge);
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
