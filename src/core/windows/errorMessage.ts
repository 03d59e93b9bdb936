// A refusal on its way to another window: its code and its facts, and never the error it came from.
import * as v from 'valibot';
import { ConnectError, errorCodes, type ErrorCode, type Facts } from '../errors.ts';

const text = v.optional(v.pipe(v.string(), v.maxLength(4_096)));
const number = v.optional(v.pipe(v.number(), v.finite()));

/** Every key, so that a new fact does not compile without a place here. */
const facts = {
  host: text,
  key: text,
  reason: text,
  file: text,
  status: number,
  oauthError: text,
  audience: text,
  resource: text,
  scopes: text,
  expected: text,
  actual: text,
  requestId: text,
  jtiHash: text,
  retryAfterSec: number,
  systemCode: text,
  certificate: text,
  clockOffsetSec: number,
  acrValues: text,
  maxAgeSec: number,
} satisfies Record<keyof Facts, unknown>;

export const errorSchema = v.object({ code: v.picklist(errorCodes), facts: v.object(facts) });

export type ErrorMessage = v.InferOutput<typeof errorSchema>;

/** Another version's code becomes `bug`: it is an error all the same. */
export function errorFrom(message: unknown): ConnectError {
  const read = v.safeParse(errorSchema, message);
  if (!read.success) return new ConnectError('bug');
  const known = Object.entries(read.output.facts).filter(([, value]) => value !== undefined);
  return new ConnectError(read.output.code, Object.fromEntries(known));
}

export const errorMessage = ({
  code,
  facts: known,
}: ConnectError): { code: ErrorCode; facts: Facts } => ({
  code,
  facts: known,
});
