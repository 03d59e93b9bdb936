// One request of either leg at a token endpoint, and what its answer says about the way there: enough for
// an administrator to find it in their own logs.
import {
  genericGrantRequest,
  type ServerMetadata,
  type TokenEndpointResponse,
} from 'openid-client';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { clockOffsetSec } from '../http/clockSkew.ts';
import { ConnectError, type Facts } from '../errors.ts';
import type { DpopKey } from '../client/dpopKeys.ts';
import { answerFacts, type GuardedFetch } from '../http/http.ts';
import { fromOAuth } from '../http/oauthError.ts';
import type { Clock } from '../ports.ts';
import { Secret } from '../secret.ts';

export type GrantLeg = 'exchange' | 'redemption';

export interface GrantDeps {
  readonly fetch: GuardedFetch;
  readonly clock: Pick<Clock, 'now'>;
}

export interface GrantRequest {
  readonly leg: GrantLeg;
  readonly metadata: ServerMetadata;
  readonly client: ClientRegistration;
  readonly grantType: string;
  /** Those undefined are left out. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Sends a proof of this key along; a nonce that is asked for is sent once (RFC 9449 §8). */
  readonly proof: DpopKey | undefined;
  readonly facts: Facts;
  /** Waited for before anything else about the answer can fail. */
  readonly onRefreshToken?: (refreshToken: Secret) => Promise<void>;
}

export interface GrantAnswer {
  readonly answer: TokenEndpointResponse;
  /** Those of the request and of the answer. */
  readonly facts: Facts;
}

/** @throws exchange.* or redemption.*, identityProvider.*, network.*, profile.invalid */
export async function requestGrant(request: GrantRequest, deps: GrantDeps): Promise<GrantAnswer> {
  const heard = { facts: request.facts };
  const hearing: GuardedFetch = async (url, init) => {
    const response = await deps.fetch(url, init);
    const offsetSec = clockOffsetSec(response.headers.get('date'), deps.clock.now());
    const offset = offsetSec === undefined ? {} : { clockOffsetSec: offsetSec };
    heard.facts = { ...request.facts, ...answerFacts(response, url), ...offset };
    return response.ok ? withoutSession(response, request.onRefreshToken) : response;
  };
  try {
    const client = createOAuthClient(request.metadata, request.client, hearing);
    const answer = await genericGrantRequest(
      client,
      request.grantType,
      given(request.parameters),
      request.proof === undefined ? {} : { DPoP: request.proof.handle(client) },
    );
    return { answer, facts: heard.facts };
  } catch (error) {
    throw fromOAuth(error, request.leg, heard.facts);
  }
}

/**
 * The answer without what would outlive the access (J18), and without members that say nothing: a null
 * makes the library refuse all of it.
 */
async function withoutSession(
  response: Response,
  onRefreshToken: GrantRequest['onRefreshToken'],
): Promise<Response> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return response;
  const { refresh_token: refreshToken } = body as { refresh_token?: unknown };
  if (typeof refreshToken === 'string' && refreshToken !== '') {
    await onRefreshToken?.(new Secret(refreshToken));
  }
  const kept = Object.entries(body).filter(
    ([name, value]) => value !== null && name !== 'refresh_token' && name !== 'id_token',
  );
  const { status, headers } = response;
  return Response.json(Object.fromEntries(kept), { status, headers });
}

const given = (parameters: GrantRequest['parameters']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );

/** Undefined where nothing is named: an empty parameter is another question. */
export const scopeParameter = (scopes: readonly string[]): string | undefined =>
  scopes.length === 0 ? undefined : scopes.join(' ');

/**
 * What every part of an answer agrees is granted; what was asked for, where none says anything.
 * @throws exchange.nothingGranted, redemption.nothingGranted, *.answerInvalid when more was granted
 */
export function grantedScopes(
  asked: readonly string[],
  said: readonly unknown[],
  { leg, facts }: { leg: GrantLeg; facts: Facts },
): readonly string[] {
  const lists = said.flatMap((value) =>
    typeof value === 'string' ? [value.split(' ').filter((scope) => scope !== '')] : [],
  );
  if (asked.length > 0 && lists.flat().some((scope) => !asked.includes(scope))) {
    const reason = 'more was granted than was asked for';
    throw new ConnectError(`${leg}.answerInvalid`, { ...facts, reason });
  }
  const [first = asked, ...others] = lists;
  const granted = first.filter((scope) => others.every((list) => list.includes(scope)));
  // Where nothing is named, nothing is what is granted by name.
  if (asked.length > 0 && lists.length > 0 && granted.length === 0) {
    throw new ConnectError(`${leg}.nothingGranted`, facts);
  }
  return granted;
}

/** Whether a `resource` of an answer is the one asked for and no other. @see RFC 8707 §2 */
export function namesOnly(value: unknown, resource: string): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length === 1 && list[0] === resource;
}
