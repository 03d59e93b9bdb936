// Reading a small form or nothing.
import type { IncomingMessage } from 'node:http';

const most = 64 * 1024;

/** The form a request carries; empty when it carries something else or too much. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return new URLSearchParams();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > most) return new URLSearchParams();
    chunks.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
