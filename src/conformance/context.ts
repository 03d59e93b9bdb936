// What a scenario tells its client, and what every scenario works with.
import * as v from 'valibot';
import type { Discovery } from '../core/discovery/discovery.ts';
import type { Clock, Fetch } from '../core/ports.ts';

const contextSchema = v.object({
  client_id: v.optional(v.string()),
  client_secret: v.optional(v.string()),
  idp_client_id: v.optional(v.string(), 'conformance'),
  idp_id_token: v.optional(v.string()),
  idp_issuer: v.optional(v.string()),
  valid_jwt: v.optional(v.string()),
});
export type Context = v.InferOutput<typeof contextSchema>;

/** @param json MCP_CONFORMANCE_CONTEXT */
export const readContext = (json: string | undefined): Context =>
  v.parse(v.pipe(v.string(), v.parseJson(), contextSchema), json ?? '{}');

export type ServerMetadata = Awaited<ReturnType<Discovery['authorizationServer']>>;

export interface Harness {
  readonly discovery: Discovery;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
