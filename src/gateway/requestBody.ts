import type { IncomingMessage } from 'node:http';

/** After this much more than the limit nobody is listening any longer. */
const maxExcess = 16;

export interface RequestBody {
  /** At most the limit. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isWhole: boolean;
}

/**
 * The body, or its beginning when it is larger than `limit`: the rest is read and thrown away, for many
 * clients hear no answer before they have sent everything. undefined when the client went away.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<RequestBody | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (length < limit) chunks.push(chunk.subarray(0, limit - length));
      length += chunk.byteLength;
      if (length > limit * maxExcess) return undefined;
    }
  } catch {
    return undefined;
  }
  return { bytes: Buffer.concat(chunks), isWhole: length <= limit };
}
