// Signed in → every server connected and its tools known: ours, and the MCP client SDK on its own code.
import {
  authorizationRequests,
  refusedRequests,
} from '../../test/support/authorizationRequests.ts';
import { createEmployee } from '../../test/support/employee.ts';
import type { Sandbox } from '../../test/support/sandbox.ts';
import { sdkConnect, sdkSignIn } from '../../test/support/sdkClient.ts';

export interface Run {
  readonly ms: number;
  /** Authorization requests, refused handshakes included. */
  readonly requests: number;
}

export type Contestant = (sandbox: Sandbox, latencyMs: number) => Promise<Run>;

export const contestants: Readonly<Record<string, Contestant>> = {
  'this extension': ours,
  'MCP SDK v2, at once': async (sandbox, latencyMs) =>
    sdk(sandbox, latencyMs, async (connect) => {
      await Promise.all(connect.map((one) => one()));
    }),
  'MCP SDK v2, one by one': async (sandbox, latencyMs) =>
    sdk(sandbox, latencyMs, async (connect) => {
      for (const one of connect) await one();
    }),
};

async function ours(sandbox: Sandbox, latencyMs: number): Promise<Run> {
  const alice = await createEmployee({ profile: sandbox.line.profile, person: 'alice' });
  const { connections } = alice;
  const signedIn = new Promise<void>((resolve) => {
    connections.onDidChange(() => {
      if (connections.overview().people[0]?.session.kind === 'signedIn') resolve();
    });
  });
  const run = await measured(sandbox, latencyMs, async () => {
    const done = alice.signIn();
    await signedIn;
    const startedAt = performance.now();
    await alice.until(() =>
      connections.overview().connections.every(({ state }) => state.kind === 'connected'),
    );
    const ms = performance.now() - startedAt;
    await done;
    return ms;
  });
  await alice.dispose();
  return run;
}

async function sdk(
  sandbox: Sandbox,
  latencyMs: number,
  inOrder: (connect: readonly (() => Promise<void>)[]) => Promise<void>,
): Promise<Run> {
  const { line } = sandbox;
  const idToken = await sdkSignIn(line, 'alice');
  const connect = line.servers.map((server) => async () => {
    const client = await sdkConnect(line, server, idToken);
    await client.listTools();
    await client.close();
  });
  return measured(sandbox, latencyMs, async () => {
    const startedAt = performance.now();
    await inOrder(connect);
    return performance.now() - startedAt;
  });
}

async function measured(
  sandbox: Sandbox,
  latencyMs: number,
  task: () => Promise<number>,
): Promise<Run> {
  const { ledger } = await sandbox.admin.faults({ latencyMs });
  const ms = await task();
  const entries = await sandbox.admin.ledger(ledger.last);
  await sandbox.admin.faults({ latencyMs: 0 });
  return { ms, requests: authorizationRequests(entries).length + refusedRequests(entries).length };
}
