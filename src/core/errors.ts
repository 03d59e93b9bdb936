// The one error class of the project and the closed set of its codes, grouped by where it broke.
// present.ts gives every code a sentence, a remedy and an action, and does not compile without.

export const errorCodes = [
  // The organization profile.
  'profile.missing',
  'profile.invalid',
  'profile.untrusted',
  'profile.unreadable',
  'profile.managed',
  // What the organization says about everybody at once.
  'organization.stopped',
  'organization.stopListInvalid',
  'organization.signalsInvalid',
  // Between this computer and the other party, before it could answer.
  'network.unreachable',
  'network.tls',
  'network.captivePortal',
  'network.clockSkew',
  // Metadata of an MCP server or an authorization server.
  'discovery.resourceMetadataMissing',
  'discovery.resourceMismatch',
  'discovery.authorizationServerNotListed',
  'discovery.metadataMissing',
  'discovery.issuerMismatch',
  'discovery.metadataInvalid',
  'discovery.enterpriseNotSupported',
  // Company sign-in.
  'identityProvider.metadataInvalid',
  'identityProvider.signInRefused',
  'identityProvider.responseInvalid',
  'identityProvider.idTokenInvalid',
  'identityProvider.clientRefused',
  'identityProvider.clientSecretMissing',
  'identityProvider.clientKeyMissing',
  'identityProvider.pkceNotOffered',
  'identityProvider.deviceCodeNotOffered',
  'identityProvider.accountMismatch',
  'identityProvider.accountNotAllowed',
  'identityProvider.sessionEnded',
  'identityProvider.signInAgain',
  'identityProvider.unavailable',
  'identityProvider.busy',
  // The exchange at the identity provider (RFC 8693).
  'exchange.denied',
  'exchange.targetRefused',
  'exchange.scopeRefused',
  'exchange.clientNotAllowed',
  'exchange.nothingGranted',
  'exchange.notSupported',
  'exchange.stepUpRequired',
  'exchange.stepUpFailed',
  'exchange.bindingMissing',
  'exchange.answerInvalid',
  // The redemption at the resource authorization server (RFC 7523).
  'redemption.refused',
  'redemption.denied',
  'redemption.clientRefused',
  'redemption.grantNotSupported',
  'redemption.scopeRefused',
  'redemption.nothingGranted',
  'redemption.interactionRequired',
  'redemption.bindingMissing',
  'redemption.answerInvalid',
  'redemption.unavailable',
  'redemption.clientSecretMissing',
  'redemption.clientKeyMissing',
  // The MCP server itself.
  'server.tokenRefused',
  'server.forbidden',
  'server.insufficientScope',
  'server.stepUpRequired',
  'server.protocolError',
  'server.unavailable',
  // The local gateway.
  'gateway.closed',
  'gateway.notListening',
  'gateway.messageTooLarge',
  'gateway.messageInvalid',
  'gateway.answerMissing',
  // Everything else.
  'storage.unavailable',
  'user.cancelled',
  'user.timedOut',
  'user.turnedOff',
  'user.signedOut',
  'bug',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What may be said of a failure: allow-listed scalars, never a credential, never another party's prose. */
export interface Facts {
  /** The party's host, e.g. `idp.example`. */
  readonly host?: string;
  /** Key of the organization profile at fault, e.g. `servers[2].url`. */
  readonly key?: string;
  /** Why that key is at fault, in words of our own. */
  readonly reason?: string;
  /** Path of the file at fault. */
  readonly file?: string;
  /** HTTP status of the answer. */
  readonly status?: number;
  /** OAuth `error` code, only characters of RFC 6749 §5.2, at most 64. */
  readonly oauthError?: string;
  readonly audience?: string;
  readonly resource?: string;
  /** Space-separated scopes asked for. */
  readonly scopes?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** Request id the other party put in a header, at most 64 characters. */
  readonly requestId?: string;
  /** SHA-256 of the ID-JAG's `jti`, first 16 hex digits. */
  readonly jtiHash?: string;
  /** Seconds the party asked us to wait (`Retry-After`). */
  readonly retryAfterSec?: number;
  /** System error code, e.g. `ECONNREFUSED`. */
  readonly systemCode?: string;
  /** Name on the certificate that could not be verified. */
  readonly certificate?: string;
  /** This computer's clock less the other party's, seconds; positive: this one is fast. */
  readonly clockOffsetSec?: number;
  /** Space-separated authentication context classes a stronger sign-in must reach (RFC 9470 §3). */
  readonly acrValues?: string;
  /** Oldest sign-in that is good enough, seconds (RFC 9470 §3). */
  readonly maxAgeSec?: number;
}

/** Known by this mark and not by its class, so that two loaded copies of this file agree. */
const mark = Symbol.for('enterprise-mcp.ConnectError');

/** Every refusal and surprise in this extension. */
export class ConnectError extends Error {
  readonly [mark] = true;
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, facts: Facts = {}, options?: { cause?: unknown }) {
    super(code, options);
    this.name = 'ConnectError';
    this.code = code;
    this.facts = Object.freeze({ ...facts });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }

  /** True when `error` is a ConnectError with one of the codes (any code when none is given). */
  static is<C extends ErrorCode>(
    error: unknown,
    ...codes: C[]
  ): error is ConnectError & { code: C } {
    return (
      error instanceof ConnectError &&
      (codes.length === 0 || (codes as ErrorCode[]).includes(error.code))
    );
  }

  /** `error` itself when it is ours, otherwise `bug` with it as cause. */
  static from(error: unknown): ConnectError {
    return error instanceof ConnectError ? error : new ConnectError('bug', {}, { cause: error });
  }
}

/** For the log, of a `bug`: what was thrown, in its own words. */
export const causeText = (error: ConnectError): string =>
  error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause);
