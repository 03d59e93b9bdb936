// Metadata that went stale: an endpoint moves while we still know its old address.
import { ConnectError } from '../errors.ts';
import type { GuardedFetch } from './http.ts';
import type { ServerMetadata } from 'openid-client';

/** "Nothing here", by HTTP status. */
const goneStatus: readonly (number | undefined)[] = [404, 405, 410];

/**
 * `fetch` that asks once more where an endpoint of `metadata` has moved to.
 * @param renewed metadata just fetched, undefined when what we know cannot be stale
 */
export function followingFetch(
  fetch: GuardedFetch,
  metadata: ServerMetadata,
  renewed: () => Promise<ServerMetadata | undefined>,
): GuardedFetch {
  return async (url, init) => {
    const first = await fetch(url, init).catch((error: unknown) => ConnectError.from(error));
    if (!isGone(first)) return answerOf(first);
    const now = await renewed().catch(() => undefined);
    const moved = now && sameEndpoint(url, metadata, now);
    return moved === undefined || moved === url ? answerOf(first) : fetch(moved, init);
  };
}

function isGone(answer: Response | ConnectError): boolean {
  if (answer instanceof Response) return goneStatus.includes(answer.status);
  const { status, systemCode } = answer.facts;
  return goneStatus.includes(status) || systemCode === 'ECONNREFUSED';
}

function answerOf(answer: Response | ConnectError): Response {
  if (answer instanceof Response) return answer;
  throw answer;
}

function sameEndpoint(
  url: string,
  before: ServerMetadata,
  now: ServerMetadata,
): string | undefined {
  const hrefOf = (value: unknown) =>
    typeof value === 'string' ? URL.parse(value)?.href : undefined;
  const name = Object.keys(before).find((key) => hrefOf(before[key]) === hrefOf(url));
  return name === undefined ? undefined : hrefOf(now[name]);
}
