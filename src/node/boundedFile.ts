// A file of somebody else, read with bounds. Invariant: checks are made on the open file, never on its name.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

export interface FileText {
  readonly text: string;
  readonly bytes: Buffer;
  readonly mode: number;
  readonly uid: number;
}

/** What a file was refused for, in words a person reads. */
export type Refusal = { readonly reason: string };

/** The text of a regular file, also behind links; undefined where there is none. Never rejects. */
export async function readBounded(
  path: string,
  maxBytes: number,
): Promise<FileText | Refusal | undefined> {
  let file: FileHandle | undefined;
  try {
    // O_NONBLOCK: a pipe would hang us.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const own = await file.stat();
    if (!own.isFile()) return { reason: 'it is not a regular file' };
    const bytes = await readUpTo(file, maxBytes + 1);
    if (bytes.length > maxBytes) return { reason: `it is larger than ${maxBytes / 1_048_576} MiB` };
    const text = textOf(bytes);
    return text === undefined
      ? { reason: 'it is not text' }
      : { text, bytes, mode: own.mode & 0o777, uid: own.uid };
  } catch (error) {
    return refusalOf((error as NodeJS.ErrnoException).code);
  } finally {
    await file?.close();
  }
}

/** It may grow while it is read, so its size says nothing. */
async function readUpTo(file: FileHandle, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const part = Buffer.alloc(Math.min(65_536, limit - length));
    const { bytesRead } = await file.read(part, 0, part.length, null);
    if (bytesRead === 0) break;
    parts.push(part.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(parts);
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refusalOf(code: string | undefined): Refusal | undefined {
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  if (code === 'ELOOP') return { reason: 'its links lead in a circle' };
  if (code === 'EACCES' || code === 'EPERM') return { reason: 'you may not read it' };
  return { reason: `the system says ${code ?? 'no'}` };
}
