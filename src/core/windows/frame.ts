// The frames of the link between windows, one JSON text per line. Whoever sends anything else is cut off.
import * as v from 'valibot';
import { ConnectError } from '../errors.ts';

/** Longest frame, bytes. */
export const longestFrame = 1024 * 1024;
/** Longest frame before it is known who speaks, bytes. */
export const longestGreeting = 4 * 1024;

const bytes32 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const who = {
  wire: v.pipe(v.number(), v.integer()),
  version: v.pipe(v.string(), v.maxLength(64)),
  nonce: bytes32,
};
const id = v.pipe(v.number(), v.integer(), v.minValue(0));

const frameSchema = v.variant('kind', [
  v.object({ kind: v.literal('hello'), ...who }),
  v.object({ kind: v.literal('welcome'), ...who, proof: bytes32 }),
  v.object({ kind: v.literal('proof'), proof: bytes32 }),
  v.object({
    kind: v.literal('ask'),
    id,
    method: v.pipe(v.string(), v.maxLength(64)),
    params: v.unknown(),
  }),
  v.object({ kind: v.literal('cancel'), id }),
  /** Sent at once for every `ask`: a leader that hangs is noticed. */
  v.object({ kind: v.literal('heard'), id }),
  v.object({ kind: v.literal('answer'), id, result: v.unknown() }),
  v.object({ kind: v.literal('refusal'), id, error: v.unknown() }),
  v.object({ kind: v.literal('tell'), message: v.unknown() }),
]);

export type Frame = v.InferInput<typeof frameSchema>;
export type FrameOf<K extends Frame['kind']> = Extract<Frame, { kind: K }>;

/** @throws gateway.messageInvalid */
export function readFrame(line: string): Frame {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), frameSchema), line);
  if (!read.success) throw new ConnectError('gateway.messageInvalid');
  return read.output;
}
