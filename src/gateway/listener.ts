// Where the gateway listens: a socket in a folder of its own that only this user can enter, a named pipe
// on Windows, or a port of 127.0.0.1 when neither can be had.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectError } from '../core/errors.ts';

/** A server is `/mcp/<id>` there. */
export type GatewayAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number };

export interface ListenOptions {
  readonly transport: 'socket' | 'tcp';
  readonly platform: NodeJS.Platform;
  /** Folders to try for the socket's own folder, in this order. */
  readonly folders: readonly string[];
  /** Told why the socket could not be had. */
  readonly onFallback: (error: ConnectError) => void;
}

export interface Listening {
  readonly address: GatewayAddress;
  /** Removes what listening left on the disk. */
  readonly cleanUp: () => Promise<void>;
}

const nothing = () => Promise.resolve();

/** XDG_RUNTIME_DIR is this user's alone and gone after logout; the temporary folder is everywhere. */
export const socketFolders = (environment: NodeJS.ProcessEnv): readonly string[] => [
  ...(environment['XDG_RUNTIME_DIR'] === undefined ? [] : [environment['XDG_RUNTIME_DIR']]),
  tmpdir(),
];

/** @throws gateway.notListening */
export async function startListening(server: Server, options: ListenOptions): Promise<Listening> {
  if (options.transport === 'tcp') return listenOnPort(server);
  if (options.platform === 'win32') return listenOnPipe(server);
  for (const folder of options.folders) {
    try {
      return await listenOnSocket(server, folder);
    } catch (error) {
      options.onFallback(notListening(error));
    }
  }
  return listenOnPort(server);
}

/** sockaddr_un holds 104 bytes on macOS; VS Code decodes anything a URI could spell otherwise. */
const isUsablePath = (path: string): boolean => /^\/[A-Za-z0-9._/-]{1,98}$/.test(path);

async function listenOnSocket(server: Server, parent: string): Promise<Listening> {
  if (!isUsablePath(join(parent, 'emcp-XXXXXX', 's'))) {
    throw new ConnectError('gateway.notListening', {
      reason: 'the path of the folder is unusable',
    });
  }
  const folder = await mkdtemp(join(parent, 'emcp-'));
  const cleanUp = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 's');
  try {
    // Checked before there is anything to connect to.
    await requireOurs(folder, 0o700);
    await listen(server, { path });
    await chmod(path, 0o600);
    await requireOurs(path, 0o600);
    return { address: { kind: 'socket', path }, cleanUp };
  } catch (error) {
    server.close();
    await cleanUp();
    throw error;
  }
}

/** @throws gateway.notListening when the file belongs to, or admits, anybody else */
async function requireOurs(path: string, mode: number): Promise<void> {
  const found = await lstat(path);
  const isKind = mode === 0o700 ? found.isDirectory() : found.isSocket();
  if (!isKind || found.uid !== process.getuid?.() || (found.mode & 0o777) !== mode) {
    throw new ConnectError('gateway.notListening', { reason: 'others may reach the socket' });
  }
}

async function listenOnPipe(server: Server): Promise<Listening> {
  const path = `\\\\.\\pipe\\enterprise-mcp-${randomBytes(16).toString('hex')}`;
  await listen(server, { path });
  return { address: { kind: 'pipe', path }, cleanUp: nothing };
}

async function listenOnPort(server: Server): Promise<Listening> {
  await listen(server, { host: '127.0.0.1', port: 0, exclusive: true });
  const { port } = server.address() as AddressInfo;
  return { address: { kind: 'tcp', port }, cleanUp: nothing };
}

async function listen(
  server: Server,
  where: { path: string } | { host: string; port: number; exclusive: boolean },
): Promise<void> {
  try {
    server.listen(where);
    await once(server, 'listening');
  } catch (error) {
    throw notListening(error);
  }
}

function notListening(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const facts = code === undefined ? {} : { systemCode: code };
  return new ConnectError('gateway.notListening', facts, { cause: error });
}
