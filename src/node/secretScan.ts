// Looks for credentials in files, in every form they could have been written down in.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Scan {
  readonly files: number;
  readonly bytes: number;
  readonly hits: readonly string[];
  readonly unread: readonly string[];
}

/** Files that hold one of `values`; folders are searched to the ground, links are not followed. */
export async function scanFor(
  values: readonly string[],
  places: readonly string[],
  signal: AbortSignal,
): Promise<Scan> {
  const needles = [...new Set(values.filter((one) => one.length >= 8).flatMap(forms))].map((one) =>
    Buffer.from(one, 'latin1'),
  );
  const found = { files: 0, bytes: 0, hits: [] as string[], unread: [] as string[] };
  for await (const file of filesOf(places, found.unread)) {
    if (signal.aborted) break;
    try {
      const { bytes, hit } = await search(file, needles);
      found.files++;
      found.bytes += bytes;
      if (hit) found.hits.push(file);
    } catch {
      found.unread.push(file);
    }
  }
  return found;
}

async function* filesOf(places: readonly string[], unread: string[]): AsyncGenerator<string> {
  for (const place of places) yield* filesBelow(place, unread);
}

function forms(value: string): readonly string[] {
  const utf8 = Buffer.from(value);
  // Inside of something longer, base64 depends on where it begins.
  const shifted = [0, 1, 2].map((pad) =>
    Buffer.concat([Buffer.alloc(pad), utf8])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -4),
  );
  return [value, encodeURIComponent(value), utf8.toString('hex'), ...shifted];
}

async function* filesBelow(place: string, unread: string[]): AsyncGenerator<string> {
  const kind = await stat(place).catch(() => undefined);
  if (kind === undefined) return;
  if (kind.isFile()) {
    yield place;
    return;
  }
  const entries = await readdir(place, { withFileTypes: true }).catch(() => {
    unread.push(place);
    return [];
  });
  for (const entry of entries) {
    const path = join(place, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, unread);
    else if (entry.isFile()) yield path;
  }
}

async function search(
  file: string,
  needles: readonly Buffer[],
): Promise<{ bytes: number; hit: boolean }> {
  const overlap = Math.max(0, ...needles.map(({ length }) => length)) - 1;
  let kept = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    const window = Buffer.concat([kept, chunk]);
    if (needles.some((needle) => window.includes(needle))) return { bytes, hit: true };
    kept = window.subarray(Math.max(0, window.length - overlap));
  }
  return { bytes, hit: false };
}
