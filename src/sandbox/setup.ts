// A company other than Acme: how its identity provider, authorization servers and MCP servers differ from
// the plain case. JSON, given by --setup FILE; whatever is left out is as plain as Acme has it.
import type { ClientAuthentication } from './clients.ts';

export interface Setup {
  readonly identityProvider?: IdentityProviderSetup;
  /** Without a list: Acme's own. */
  readonly authorizationServers?: readonly AuthorizationServerSetup[];
  readonly servers?: readonly ServerSetup[];
  /** Publishes a signed list of what is stopped, and says so in the profile. */
  readonly emergencyStop?: boolean;
  /** Hands out security events to whoever polls, and says so in the profile. */
  readonly sharedSignals?: boolean;
}

export interface ClientAssertionRules {
  readonly audience?: 'issuer' | 'tokenEndpoint' | 'either';
  /** The header's `typ` must be `client-authentication+jwt`. */
  readonly typRequired?: boolean;
  /** Highest `exp - iat`, seconds. */
  readonly longestLifeSec?: number;
}

/** What is sent with a refusal instead of the plain answer. */
export interface RefusalStyle {
  readonly error: string;
  readonly status?: number;
  readonly description?: string;
}

export interface IdentityProviderSetup {
  /** Path of the issuer: '' (none), '/' (a trailing slash only), '/oauth2/default'. */
  readonly issuerPath?: string;
  /** Ways to authenticate that it knows; a client registered for another is refused. */
  readonly clientAuthentication?: readonly ClientAuthentication[];
  readonly clientAssertion?: ClientAssertionRules;
  /** False: signs people in but knows no ID-JAG (the answer is `refusal`, else invalid_request). */
  readonly issuesIdJags?: boolean;
  readonly refusal?: RefusalStyle;
  readonly advertisesIdJags?: boolean;
  readonly subjectTokens?: readonly ('idToken' | 'refreshToken')[];
  /** Error for a subject it will not take: RFC 8693 or the ID-JAG draft. */
  readonly subjectError?: 'invalid_request' | 'invalid_grant';
  readonly idTokenSeconds?: number;
  readonly givesRefreshToken?: boolean;
  /** A replaced refresh token is taken again for so long; plain: never, its reuse ends the sign-in. */
  readonly refreshGraceSec?: number;
  /** A refresh token used as subject is replaced in the answer. */
  readonly rotatesInExchange?: boolean;
  /** How "no grant" is said. Plain: access_denied, 400. */
  readonly notGranted?: RefusalStyle;
  /** How "not these scopes" is said. Plain: invalid_scope, 400. */
  readonly scopeNotGranted?: RefusalStyle;
  readonly scopeMandatory?: boolean;
  /** Grants at most these scopes, silently. */
  readonly narrowsTo?: readonly string[];
  readonly answerHasScope?: boolean;
  readonly answerHasExpiresIn?: boolean;
  readonly answerTokenType?: string;
  readonly answerHasResource?: boolean;
  readonly resourceClaim?: boolean;
  readonly audienceAsArray?: boolean;
  readonly idJagSeconds?: number;
  /** Names this identity provider knows authorization servers by, id → alias. */
  readonly audienceAliases?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  /** The ID-JAG is a JWE only the authorization server can read. */
  readonly encryptsIdJags?: boolean;
  /** `ignored`: takes the proof and issues an unbound ID-JAG, without a word. */
  readonly dpop?: 'off' | 'supported' | 'nonce' | 'ignored';
  /** What an exchange for these servers needs, by server id. */
  readonly stepUp?: Readonly<
    Record<string, { readonly acr?: string; readonly maxAgeSec?: number }>
  >;
  /** False: a sign-in never reaches the acr that was asked for. */
  readonly stepUpWorks?: boolean;
  readonly advertisesPkce?: boolean;
  /** The `iss` parameter of RFC 9207 in the redirect. */
  readonly issParameter?: 'right' | 'wrong' | 'missing' | 'unadvertised';
  readonly deviceGrant?: boolean;
  /** Told to devices, seconds; without: not told, five. */
  readonly deviceIntervalSec?: number;
  /** Accepts an https URL (http on this computer) as client id and reads the key there. */
  readonly clientIdMetadataDocuments?: boolean;
  /** Claims of everybody's ID token on top of the plain ones, e.g. hd, tid. */
  readonly claims?: Readonly<Record<string, string>>;
  /** What an attacker in its place would do; each must be refused. */
  readonly tampering?: IdentityProviderTampering;
  /** Added to every Date header and every time claim, seconds. */
  readonly clockOffsetSec?: number;
}

export type IdentityProviderTampering =
  | 'idTokenAlgNone'
  | 'idTokenHs256WithPublicKey'
  | 'idTokenForeignKid'
  | 'idTokenEmbeddedJwk'
  | 'idTokenWrongAudience'
  | 'idTokenWrongIssuer'
  | 'idTokenWrongNonce'
  | 'idTokenExpired'
  | 'refreshedIdTokenOfAnother'
  | 'idJagWrongAudience'
  | 'idJagWrongResource'
  | 'idJagWrongType'
  | 'idJagWrongClient'
  | 'idJagExpired'
  | 'idJagNotAJwt'
  | 'idJagTwoAudiences'
  | 'answerIssuedTokenTypeWrong'
  | 'answerMoreScopes'
  | 'answerOversized'
  | 'answerNeverEnds'
  | 'answerNotJson'
  | 'answerRedirects'
  | 'metadataTokenEndpointElsewhere';

export interface AuthorizationServerSetup {
  readonly id: string;
  readonly label: string;
  readonly issuerPath?: string;
  /** The token endpoint lives on another origin than the issuer. */
  readonly tokenElsewhere?: boolean;
  readonly tokenPath?: string;
  /** Plain: oauthInserted. */
  readonly metadataAt?: 'oauthInserted' | 'openidInserted' | 'openidAppended' | 'nowhere';
  /** What the metadata calls itself, where that is not the truth. */
  readonly claimsIssuer?: string;
  readonly advertisesProfile?: boolean;
  readonly advertisesGrant?: boolean;
  readonly advertisesScopes?: boolean;
  readonly clientAuthentication?: readonly ClientAuthentication[];
  readonly clientAssertion?: ClientAssertionRules;
  /** Accepts an https URL as client id and reads the key there. */
  readonly clientIdMetadataDocuments?: boolean;
  readonly replayAllowed?: boolean;
  readonly resourceClaimRequired?: boolean;
  /** Refuses an ID-JAG of more than this life, seconds. Plain: 300. */
  readonly longestIdJagSec?: number;
  /** Only people with an address here are known. */
  readonly emailDomains?: readonly string[];
  /** People without a licence, and how that is said. */
  readonly unlicensed?: readonly string[];
  readonly noLicence?: RefusalStyle;
  readonly answerTokenType?: string;
  readonly answerHasExpiresIn?: boolean;
  readonly answerHasScope?: boolean;
  readonly answerHasResource?: boolean;
  readonly answerRefreshToken?: boolean;
  readonly accessTokenSeconds?: number;
  /** Grants no scope at all, with 200. */
  readonly grantsNothing?: boolean;
  readonly dpop?: 'off' | 'supported' | 'required' | 'nonce' | 'ignored';
  /** People must confirm something in the browser first (Interaction Response draft). */
  readonly interaction?: { readonly intervalSec?: number; readonly expiresInSec?: number };
  readonly revocationEndpoint?: boolean;
  readonly clockOffsetSec?: number;
  readonly tampering?:
    | 'answerMoreScopes'
    | 'answerOtherResource'
    | 'answerOversized'
    | 'answerNeverEnds'
    | 'answerNotJson'
    | 'answerRedirects';
}

export interface ServerSetup {
  readonly id: string;
  readonly label: string;
  /** Id of its authorization server. */
  readonly authorizationServer: string;
  readonly scopes: readonly string[];
  readonly people?: readonly string[];
  /** Plain: /mcp. */
  readonly path?: string;
  /** `custom`: at a place only the challenge names. */
  readonly metadataAt?: 'inserted' | 'root' | 'custom' | 'nowhere';
  /** What it calls itself. Plain: its URL. `origin`, a path of its origin, or any other text. */
  readonly resource?: string;
  /** Issuers listed besides its own; before it. */
  readonly otherAuthorizationServers?: readonly string[];
  /** Raw text before our Bearer challenge in WWW-Authenticate, e.g. another scheme's challenge. */
  readonly challengePrefix?: string;
  readonly challengeParameters?: Readonly<Record<string, string>>;
  readonly challenges?: boolean;
  /** Without this scope every request gets 401. */
  readonly mandatoryScope?: string;
  /** Scopes of tools, by name, beyond access at all. */
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>;
  /** Protocol versions it speaks. Plain: 2025-11-25. */
  readonly era?: '2025-06-18' | '2025-11-25' | '2026-07-28' | 'both';
  readonly dpop?: 'off' | 'supported' | 'required' | 'nonce';
  /** 401 insufficient_user_authentication until the sign-in is this strong. */
  readonly stepUp?: { readonly acr?: string; readonly maxAgeSec?: number };
}
