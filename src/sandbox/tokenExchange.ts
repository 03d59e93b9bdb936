// Token exchange: a person's sign-in becomes an ID-JAG for one server, if the company says so.
// @see RFC 8693, draft-ietf-oauth-identity-assertion-authz-grant §4.3
import type { CryptoKey } from 'jose';
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import type { ServerEntry } from './catalogue.ts';
import { counterpart, type Client } from './clients.ts';
import type { ProofCheck } from './dpopProof.ts';
import { exchangeAnswer, idJagTokenType, spoilAnswer } from './exchangeAnswer.ts';
import { grantedScope } from './exchangePolicy.ts';
import type { Note } from './front.ts';
import { issueIdJag } from './idJag.ts';
import type { Policy } from './policy.ts';
import { provenThumbprint } from './proofOfPossession.ts';
import { Refusal } from './refusal.ts';
import type { SigningKeys } from './signingKeys.ts';
import { requireStrength } from './stepUp.ts';
import {
  subjectOfIdToken,
  subjectOfRefreshToken,
  type Subject,
  type SubjectDependencies,
} from './subjectToken.ts';

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

const subjects = {
  'urn:ietf:params:oauth:token-type:id_token': { kind: 'idToken', read: subjectOfIdToken },
  'urn:ietf:params:oauth:token-type:refresh_token': {
    kind: 'refreshToken',
    read: subjectOfRefreshToken,
  },
} as const;

/** What the identity provider knows about an authorization server: its resources and our clients there. */
export interface Audience {
  readonly id: string;
  readonly issuer: string;
  readonly clients: readonly Client[];
  /** Valid (audience, resource) pairs: the resource identifiers this server governs. */
  readonly resources: ReadonlyMap<string, ServerEntry>;
  /** Its public key (ECDH-ES on P-256), for ID-JAGs that nobody else may read. */
  readonly encryptTo?: CryptoKey;
}

export interface ExchangeDependencies extends SubjectDependencies {
  readonly clients: readonly Client[];
  readonly audiences: readonly Audience[];
  readonly policy: Policy;
  readonly keys: SigningKeys;
  readonly proofCheck: ProofCheck;
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

type Context = TokenEndpointGrantContext<Parameters>;

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
  const answer = async (ctx: Context): Promise<void> => {
    try {
      await exchange(deps, ctx);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.status = error.status;
      ctx.body = error.body;
      return;
    }
    spoilAnswer(ctx, deps.setup.tampering, provider.issuer);
  };
  provider.registerGrantType<Parameters>(tokenExchangeGrant, answer, parameterNames);
}

async function exchange(deps: ExchangeDependencies, ctx: Context): Promise<void> {
  const { setup, provider } = deps;
  const { params } = ctx.oidc;
  const note = deps.note(ctx);
  requireIdJagRequest(deps, params);
  const subject = await subjectOf(deps, ctx);
  note.person = subject.person;
  const { audience, resource, server } = findTarget(deps, params);
  note.server = server.id;
  const clientId = clientIdAt(deps, audience, ctx.oidc.client.clientId);
  requireStrength(subject, setup.stepUp?.[server.id]);
  const scope = grantedScope(deps, { person: subject.person, server, asked: params.scope });
  const jkt = await provenThumbprint(ctx, deps);
  const idJag = await issueIdJag(
    {
      ...{ subject, clientId, resource, scope, jkt },
      issuer: provider.issuer,
      audience: audience.issuer,
      encryptTo: setup.encryptsIdJags === true ? audience.encryptTo : undefined,
    },
    deps,
  );
  const refreshToken = setup.rotatesInExchange === true ? await subject.rotate?.() : undefined;
  ctx.body = exchangeAnswer({ idJag, scope, resource, refreshToken }, setup);
}

function requireIdJagRequest({ setup }: ExchangeDependencies, params: Parameters): void {
  const description = 'requested_token_type is not supported';
  if (setup.issuesIdJags === false) {
    throw new Refusal(setup.refusal ?? { error: 'invalid_request', description });
  }
  if (params.requested_token_type !== idJagTokenType) {
    throw new errors.InvalidRequest('requested_token_type must be the id-jag type');
  }
  if (params.actor_token !== undefined) {
    throw new errors.InvalidRequest('actor_token is not supported');
  }
}

function subjectOf(deps: ExchangeDependencies, ctx: Context): Promise<Subject> {
  const { client, params } = ctx.oidc;
  const { subject_token: token, subject_token_type: type = '' } = params;
  if (token === undefined) throw new errors.InvalidRequest('subject_token is missing');
  const known = Object.hasOwn(subjects, type) ? subjects[type as keyof typeof subjects] : undefined;
  const taken = deps.setup.subjectTokens ?? ['idToken', 'refreshToken'];
  if (known === undefined || !taken.includes(known.kind)) {
    const description = 'subject_token_type is missing or not supported';
    throw new Refusal({ error: deps.setup.subjectError ?? 'invalid_request', description });
  }
  return known.read(deps, token, client);
}

function findTarget({ audiences, setup }: ExchangeDependencies, params: Parameters) {
  const { audience: asked, resource: wanted } = params;
  const audience = audiences.find(
    ({ id, issuer }) =>
      asked !== undefined && [issuer, setup.audienceAliases?.[id]].includes(asked),
  );
  if (audience === undefined) throw new errors.InvalidTarget('audience is missing or unknown');
  // Who puts no resource into ID-JAGs needs none to choose by, where there is no choice.
  const only = setup.resourceClaim === false ? [...audience.resources.keys()][0] : undefined;
  const resource = wanted ?? only ?? '';
  const server = audience.resources.get(resource);
  if (server === undefined) {
    throw new errors.InvalidTarget('resource is missing or not governed by this audience');
  }
  return { audience, resource, server };
}

/** Our client id at the audience; a client that is a document has one everywhere. */
function clientIdAt(deps: ExchangeDependencies, audience: Audience, clientId: string): string {
  const registration = deps.clients.find((one) => one.clientId === clientId);
  if (registration === undefined) return clientId;
  const there = counterpart(registration, audience.clients);
  if (there === undefined) {
    throw new errors.UnauthorizedClient('this client is not known at the audience');
  }
  return there.clientId;
}
