// What a look through the clients' files brought.
import type { FileEntry } from './shadows.ts';

export interface UnreadableFile {
  readonly client: string;
  readonly file: string;
  /** In words of our own. */
  readonly reason: string;
}

export interface FilesRead {
  readonly entries: readonly FileEntry[];
  /** Never to be taken for clean; of a broken one there may be entries as well. */
  readonly unreadable: readonly UnreadableFile[];
}

/** How the cutting out of an entry ended; the file is as it was unless `removed`. */
export type Removal = 'removed' | 'changed' | 'notPossible';
