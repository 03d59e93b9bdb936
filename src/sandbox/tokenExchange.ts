// Token exchange: a person's sign-in becomes an ID-JAG for one server, if the company says so.
// @see RFC 8693, draft-ietf-oauth-identity-assertion-authz-grant §4.3
import { randomUUID } from 'node:crypto';
import { SignJWT, type CryptoKey } from 'jose';
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { people, type ServerEntry } from './catalogue.ts';
import { counterpart, type Client } from './clients.ts';
import type { Note } from './front.ts';
import type { Policy } from './policy.ts';
import {
  subjectOfIdToken,
  subjectOfRefreshToken,
  type Subject,
  type SubjectDependencies,
} from './subjectToken.ts';

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const idJagTokenType = 'urn:ietf:params:oauth:token-type:id-jag';
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
const refreshTokenType = 'urn:ietf:params:oauth:token-type:refresh_token';

const idJagSeconds = 300;

/** What the identity provider knows about an authorization server: its resources and our clients there. */
export interface Audience {
  readonly issuer: string;
  readonly clients: readonly Client[];
  /** Valid (audience, resource) pairs: the resource identifiers this server governs. */
  readonly resources: ReadonlyMap<string, ServerEntry>;
}

export interface ExchangeDependencies extends SubjectDependencies {
  readonly clients: readonly Client[];
  readonly audiences: readonly Audience[];
  readonly policy: Policy;
  readonly signingKey: { readonly key: CryptoKey; readonly kid: string };
  note(ctx: TokenEndpointGrantContext): Note;
}

interface Parameters {
  readonly requested_token_type?: string;
  readonly audience?: string;
  readonly resource?: string;
  readonly scope?: string;
  readonly subject_token?: string;
  readonly subject_token_type?: string;
  readonly actor_token?: string;
}

const parameterNames: readonly (keyof Parameters)[] = [
  'requested_token_type',
  'audience',
  'resource',
  'scope',
  'subject_token',
  'subject_token_type',
  'actor_token',
];

export function registerTokenExchange(provider: Provider, deps: ExchangeDependencies): void {
  provider.registerGrantType<Parameters>(
    tokenExchangeGrant,
    (ctx) => exchange(deps, ctx),
    parameterNames,
  );
}

async function exchange(
  deps: ExchangeDependencies,
  ctx: TokenEndpointGrantContext<Parameters>,
): Promise<void> {
  const { client, params } = ctx.oidc;
  const note = deps.note(ctx);
  if (params.requested_token_type !== idJagTokenType) {
    throw new errors.InvalidRequest('requested_token_type must be the id-jag type');
  }
  if (params.actor_token !== undefined) {
    throw new errors.InvalidRequest('actor_token is not supported');
  }
  const subject = await subjectOf(deps, ctx);
  note.person = subject.person;
  const target = findTarget(deps, params);
  note.server = target.server.id;
  const registration = deps.clients.find((one) => one.clientId === client.clientId);
  const there = registration && counterpart(registration, target.audience.clients);
  if (there === undefined) {
    throw new errors.UnauthorizedClient('this client is not known at the audience');
  }
  const scope = grantedScope(deps.policy, {
    person: subject.person,
    server: target.server,
    params,
  });
  ctx.body = {
    issued_token_type: idJagTokenType,
    access_token: await issueIdJag(deps, {
      subject,
      audience: target.audience.issuer,
      clientId: there.clientId,
      resource: target.resource,
      scope,
    }),
    token_type: 'N_A',
    expires_in: idJagSeconds,
    scope,
  };
}

function subjectOf(
  deps: ExchangeDependencies,
  ctx: TokenEndpointGrantContext<Parameters>,
): Promise<Subject> {
  const { client, params } = ctx.oidc;
  const { subject_token: token, subject_token_type: type } = params;
  if (token === undefined) throw new errors.InvalidRequest('subject_token is missing');
  if (type === idTokenType) return subjectOfIdToken(deps, token, client);
  if (type === refreshTokenType) return subjectOfRefreshToken(deps, token, client);
  throw new errors.InvalidRequest('subject_token_type is missing or not supported');
}

function findTarget(deps: ExchangeDependencies, params: Parameters) {
  const audience = deps.audiences.find(({ issuer }) => issuer === params.audience);
  if (audience === undefined) throw new errors.InvalidTarget('audience is missing or unknown');
  const { resource = '' } = params;
  const server = audience.resources.get(resource);
  if (server === undefined) {
    throw new errors.InvalidTarget('resource is missing or not governed by this audience');
  }
  return { audience, resource, server };
}

function grantedScope(
  policy: Policy,
  asked: { readonly person: string; readonly server: ServerEntry; readonly params: Parameters },
): string {
  const { person, server, params } = asked;
  const allowed = policy.scopesOf(person, server.id);
  if (allowed.length === 0) {
    throw new errors.AccessDenied(`no grant for ${server.label}`);
  }
  const wanted = params.scope?.split(' ') ?? allowed;
  const granted = allowed.filter((scope) => wanted.includes(scope));
  if (granted.length === 0) throw new errors.InvalidScope('none of these scopes is granted', '');
  return granted.join(' ');
}

function issueIdJag(
  { provider, signingKey }: ExchangeDependencies,
  grant: {
    readonly subject: Subject;
    readonly audience: string;
    readonly clientId: string;
    readonly resource: string;
    readonly scope: string;
  },
): Promise<string> {
  const { subject, audience, clientId, resource, scope } = grant;
  return new SignJWT({
    client_id: clientId,
    resource,
    scope,
    email: people.find(({ id }) => id === subject.person)?.email,
    auth_time: subject.authTime,
  })
    .setProtectedHeader({ alg: 'RS256', kid: signingKey.kid, typ: 'oauth-id-jag+jwt' })
    .setIssuer(provider.issuer)
    .setSubject(subject.person)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${idJagSeconds} s`)
    .sign(signingKey.key);
}
