// Reads the files in which MCP clients keep their servers. Never rejects: what cannot be read is said.
import { createHash } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readClientFile } from '../core/shadow/clientFileReading.ts';
import { clientFiles, type ClientFile } from '../core/shadow/clientFiles.ts';
import type { FilesRead } from '../core/shadow/filesRead.ts';
import { readBounded } from './boundedFile.ts';
import { shadowFolders, type Computer, type Folder } from './shadowFolders.ts';

const maxNames = 100;

type Found = Pick<ClientFile, 'format' | 'servers' | 'maxBytes' | 'managed' | 'client'> & {
  readonly file: string;
};

/** Every server in every client's file on this computer, as far as it may be kept. */
export async function readShadowFiles(computer: Computer): Promise<FilesRead> {
  const folders = shadowFolders(computer);
  const found = await Promise.all(
    clientFiles.map(async (row) => {
      const places = await Promise.all(folders[row.root].map((folder) => filesAt(folder, row)));
      return places.flat();
    }),
  );
  const reads = await Promise.all((await distinct(found.flat())).map(readOne));
  return {
    entries: reads.flatMap(({ entries }) => entries),
    unreadable: reads.flatMap(({ unreadable }) => unreadable),
  };
}

/** SHA-256, hex: a file that has another one is another file. */
export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function filesAt(folder: Folder, row: ClientFile): Promise<readonly Found[]> {
  const parts = row.path === '' ? [] : row.path.split('/');
  const files = await expanded(folder.path, parts);
  const client = row.client === 'VS Code' ? (folder.editor ?? row.client) : row.client;
  return files.map((file) => ({ ...row, client, file }));
}

async function expanded(base: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return [base];
  if (!part.includes('*')) return expanded(join(base, part), rest);
  const [start = '', end = ''] = part.split('*');
  const names = await readdir(base).catch(() => []);
  const fitting = names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .slice(0, maxNames);
  return (await Promise.all(fitting.map((name) => expanded(join(base, name), rest)))).flat();
}

/** Two clients may share a file, and two names lead to one: the first row that finds it has it. */
async function distinct(found: readonly Found[]): Promise<readonly Found[]> {
  const real = await Promise.all(found.map(({ file }) => realpath(file).catch(() => file)));
  return found.filter((_, index) => real.indexOf(real[index] ?? '') === index);
}

async function readOne({ file, client, ...row }: Found): Promise<FilesRead> {
  const read = await readBounded(file, row.maxBytes);
  if (read === undefined) return { entries: [], unreadable: [] };
  if ('reason' in read) return { entries: [], unreadable: [{ client, file, ...read }] };
  const { servers, broken } = readClientFile(read.text, row);
  const origin = { client, file, format: row.format, managed: row.managed };
  const digest = digestOf(read.bytes);
  return {
    entries: servers.map((server) => ({ ...server, ...origin, digest })),
    unreadable: broken ? [{ client, file, reason: `it is not ${row.format.toUpperCase()}` }] : [],
  };
}
