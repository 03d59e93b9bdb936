// The processes of a measurement, each alone with its part, as the product is built and on what it runs on.
import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Ask, Target, Targets, Usage } from './contestant.ts';
import type { Job, Measured } from './load.ts';

const names = ['server', 'load', 'passthrough', 'bareFetch', 'ours'] as const;
type Name = (typeof names)[number];

const folder = path.resolve('out/bench/gateway');

/** As esbuild.mjs builds the extension; what a loader adds to each function would be measured too. */
export const buildParts = () =>
  build({
    entryPoints: names.map((name) => `bench/gateway/${name}.ts`),
    ...{ bundle: true, splitting: true, minify: true, platform: 'node', target: 'node20' },
    ...{ format: 'esm', packages: 'external', outdir: folder, outExtension: { '.js': '.mjs' } },
  });

/** The Node.js of the newest VS Code that the tests have brought here; without one, our own. */
export function editorNode(): string {
  const runtime = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
  const hosts = existsSync('.vscode-host') ? readdirSync('.vscode-host') : [];
  const [newest] = hosts
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((host) => path.resolve('.vscode-host', host, runtime))
    .filter((file) => existsSync(file));
  return newest ?? process.execPath;
}

export interface Part {
  readonly said: unknown;
  ask<T>(message: object): Promise<T>;
  stop(): Promise<void>;
}

/** Resolves once it has said something. */
export async function startPart(name: Name, args: readonly string[] = []): Promise<Part> {
  const child = fork(path.join(folder, `${name}.mjs`), args, {
    execPath: editorNode(),
    execArgv: [],
  });
  const said = await hear(name, child);
  return {
    said,
    ask: async <T>(message: object) => {
      child.send(message);
      return (await hear(name, child)) as T;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function hear(name: string, child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal }).then(() => {
        throw new Error(`${name} ended`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}

/** What stands between the client and the server. */
export interface Way {
  readonly name: string;
  /** Undefined: nothing does. */
  readonly part?: { readonly file: Name; readonly transport: keyof Targets };
}

/** The first is what the others are compared with; the second is the floor. */
export const ways: readonly Way[] = [
  { name: 'direct' },
  { name: 'passthrough', part: { file: 'passthrough', transport: 'tcp' } },
  { name: 'passthrough, socket', part: { file: 'passthrough', transport: 'socket' } },
  { name: 'bare fetch, socket', part: { file: 'bareFetch', transport: 'socket' } },
  { name: 'gateway, port', part: { file: 'ours', transport: 'tcp' } },
  { name: 'gateway, socket', part: { file: 'ours', transport: 'socket' } },
];

export interface Company {
  readonly url: string;
  readonly profile: unknown;
}

export const startWay = ({ file }: NonNullable<Way['part']>, { url, profile }: Company) =>
  startPart(file, [url, ...(file === 'ours' ? [JSON.stringify(profile)] : [])]);

export function targetOf({ part }: Way, way: Part | undefined, { url }: Company): Target {
  const { hostname: host, port, pathname: path } = new URL(url);
  if (part === undefined) return { where: { host, port: Number(port) }, path, headers: {} };
  const target = (way?.said as Targets | undefined)?.[part.transport];
  if (target === undefined) throw new Error(`${part.file} has no ${part.transport}`);
  return target;
}

/** @param everyMs how often it looks at its memory from now on */
export const usageOf = (way: Part, everyMs?: number): Promise<Usage> => {
  const asked: Ask = { everyMs };
  return way.ask<Usage>(asked);
};

export const run = (load: Part, job: Job): Promise<Measured> => load.ask<Measured>(job);
