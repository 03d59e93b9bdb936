// Cuts one server out of another program's file: whole or not at all, and only out of the file that was
// shown. Invariant: a file that changed meanwhile is left alone.
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Removal } from '../core/shadow/filesRead.ts';
import type { FileEntry } from '../core/shadow/shadows.ts';
import { withoutEntry } from '../core/shadow/entryRemoval.ts';
import { readBounded, type FileText } from './boundedFile.ts';
import { digestOf } from './shadowFiles.ts';

const maxBytes = 8 * 1_048_576;

/** Never rejects. */
export async function removeShadow(entry: FileEntry, uid: number | undefined): Promise<Removal> {
  const { name, span, digest } = entry;
  if (name === undefined || span === undefined) return 'notPossible';
  try {
    // Through a link: the file it leads to is replaced, the link stays.
    const path = await realpath(entry.file);
    const read = await shown(path, digest);
    if (read === undefined) return 'changed';
    // The new file would be ours.
    if (uid !== undefined && read.uid !== uid) return 'notPossible';
    const text = withoutEntry(read.text, { name, span });
    return text === undefined
      ? 'notPossible'
      : await replace(path, { text, digest, ...modeOf(read) });
  } catch {
    return 'notPossible';
  }
}

const modeOf = ({ mode }: FileText) => ({ mode });

async function shown(path: string, digest: string): Promise<FileText | undefined> {
  const read = await readBounded(path, maxBytes);
  if (read === undefined || 'reason' in read) return undefined;
  return digestOf(read.bytes) === digest ? read : undefined;
}

async function replace(
  path: string,
  { text, digest, mode }: { readonly text: string; readonly digest: string; readonly mode: number },
): Promise<Removal> {
  const beside = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    // As late as can be: somebody may have saved it while the person was reading.
    if ((await shown(path, digest)) === undefined) return 'changed';
    await rename(beside, path);
    return 'removed';
  } finally {
    await rm(beside, { force: true });
  }
}
