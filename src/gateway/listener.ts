// Where the gateway listens: a socket in a folder of its own that only this user can enter, a named pipe
// on Windows, or a port of 127.0.0.1 when neither can be had.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { ConnectError } from '../core/errors.ts';
import { createPrivateFolder, requireOurs } from './privateFolder.ts';

/** A server is `/mcp/<id>` there. */
export type GatewayAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number };

export interface ListenOptions {
  readonly transport: 'socket' | 'tcp';
  /** Those to try, in this order, and no other; without: the named ones, and then any. */
  readonly ports?: readonly number[] | undefined;
  readonly platform: NodeJS.Platform;
  /** Folders to try for the socket's own folder, in this order. */
  readonly folders: readonly string[];
  /** Told why the socket could not be had. */
  readonly onFallback: (error: ConnectError) => void;
}

export interface Listening {
  readonly address: GatewayAddress;
  /** Whether whoever connects to the address still comes to us. */
  readonly isOurs: () => Promise<boolean>;
  /** Removes what listening left on the disk. */
  readonly cleanUp: () => Promise<void>;
}

const nothing = () => Promise.resolve();

/** XDG_RUNTIME_DIR is this user's alone and gone after logout; the temporary folder is everywhere. */
export const socketFolders = (environment: NodeJS.ProcessEnv): readonly string[] => [
  ...(environment['XDG_RUNTIME_DIR'] === undefined ? [] : [environment['XDG_RUNTIME_DIR']]),
  ...new Set([tmpdir(), '/tmp']),
];

/** @throws gateway.notListening */
export async function startListening(server: Server, options: ListenOptions): Promise<Listening> {
  if (options.transport === 'tcp') return listenOnPort(server, options.ports ?? anyPort);
  if (options.platform === 'win32') return listenOnPipe(server);
  for (const folder of options.folders) {
    try {
      return await listenOnSocket(server, folder);
    } catch (error) {
      options.onFallback(notListening(error));
    }
  }
  return listenOnPort(server, anyPort);
}

async function listenOnSocket(server: Server, parent: string): Promise<Listening> {
  // Checked before there is anything to connect to.
  const path = await createPrivateFolder(parent, 's');
  // What cannot be removed is no longer ours.
  const cleanUp = () => rm(dirname(path), { recursive: true, force: true }).catch(() => undefined);
  try {
    await listen(server, { path });
    await chmod(path, 0o600);
    const identity = await requireOurs(path, 'socket');
    const isOurs = async () => server.listening && (await isStill(path, identity));
    return { address: { kind: 'socket', path }, isOurs, cleanUp };
  } catch (error) {
    server.close();
    await cleanUp();
    throw error;
  }
}

/** False once somebody swept the folder away, and another may have made one of that name. */
async function isStill(path: string, identity: string): Promise<boolean> {
  try {
    await requireOurs(dirname(path), 'folder');
    return (await requireOurs(path, 'socket')) === identity;
  } catch {
    return false;
  }
}

async function listenOnPipe(server: Server): Promise<Listening> {
  const path = `\\\\.\\pipe\\enterprise-mcp-${randomBytes(16).toString('hex')}`;
  await listen(server, { path });
  return { address: { kind: 'pipe', path }, isOurs: listens(server), cleanUp: nothing };
}

/**
 * The same in every run, so that allow-lists and firewalls can name them: one for each window. Registered
 * to nobody, and below those that systems give out by themselves.
 */
export const namedPorts: readonly number[] = Array.from({ length: 16 }, (_, at) => 29_417 + at);

const anyPort: readonly number[] = [...namedPorts, 0];

async function listenOnPort(server: Server, ports: readonly number[]): Promise<Listening> {
  let failure: unknown;
  for (const port of ports) {
    try {
      return await listenOn(server, port);
    } catch (error) {
      // Another window has it, or a stranger: never shared, never waited for.
      failure = error;
    }
  }
  throw notListening(failure);
}

async function listenOn(server: Server, wanted: number): Promise<Listening> {
  await listen(server, { host: '127.0.0.1', port: wanted, exclusive: true });
  const { port } = server.address() as AddressInfo;
  return { address: { kind: 'tcp', port }, isOurs: listens(server), cleanUp: nothing };
}

const listens = (server: Server) => () => Promise.resolve(server.listening);

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
