// One metadata document: a JSON object, or nothing where there is none.
import { ConnectError, type ErrorCode } from '../errors.ts';
import { answerFacts, isPage, type GuardedFetch } from '../http/http.ts';
import { keepMsOf, type Found } from './metadataCache.ts';

export type MetadataDocument = Readonly<Record<string, unknown>>;

/** Says nothing of what is published: request timeout, too early, locked, unavailable for now. */
const passing = [408, 421, 423, 425];

/** @throws `down` for an answer that passes, `invalid` for an answer that is no JSON object, network.*, the party's codes */
export async function fetchDocument(
  fetch: GuardedFetch,
  url: string,
  { invalid, down, signal }: { invalid: ErrorCode; down: ErrorCode; signal: AbortSignal },
): Promise<Found<MetadataDocument> | undefined> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal });
  if (passing.includes(response.status)) throw new ConnectError(down, answerFacts(response, url));
  if (response.status !== 200 || isPage(response)) return undefined;
  const document: unknown = await response.json().catch(() => undefined);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return { value: document as MetadataDocument, keepMs: keepMsOf(response.headers) };
  }
  throw new ConnectError(invalid, {
    ...answerFacts(response, url),
    reason: 'the metadata is not a JSON object',
  });
}
