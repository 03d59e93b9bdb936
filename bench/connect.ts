// Signed in → servers connected, ours beside the MCP SDK's own cross-app-access client, in the same run
// against the same sandbox: one after the other and at once.
//   node --import tsx bench/connect.ts [--latency MS] [--runs N]
import { parseArgs } from 'node:util';
import {
  Client,
  CrossAppAccessProvider,
  discoverAndRequestJwtAuthGrant,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { createEmployee } from '../test/support/employee.ts';
import {
  startSandbox,
  type LedgerEntry,
  type Sandbox,
  type SandboxLine,
} from '../test/support/sandbox.ts';

const { values } = parseArgs({
  options: { latency: { type: 'string', default: '50' }, runs: { type: 'string', default: '5' } },
});
const latencyMs = Number(values.latency);
const runs = Number(values.runs);

type ServerLine = SandboxLine['servers'][number];
type ClientLine = SandboxLine['identityProvider']['clients'][number];

interface Run {
  readonly ms: number;
  readonly requests: number;
}

/** Milliseconds of `task`, and the authorization requests the sandbox saw meanwhile. */
async function measured(sandbox: Sandbox, task: () => Promise<void>): Promise<Run> {
  const { ledger } = await sandbox.admin.state();
  const startedAt = performance.now();
  await task();
  const ms = performance.now() - startedAt;
  const entries = await sandbox.admin.ledger(ledger.last);
  return { ms, requests: countRequests(entries) };
}

/** Metadata of servers and authorization servers, exchanges, redemptions and refused handshakes. */
const countRequests = (entries: readonly LedgerEntry[]): number =>
  entries.filter(
    ({ leg, party, status, method }) =>
      (leg === 'metadata' && party !== 'identityProvider') ||
      leg === 'exchange' ||
      leg === 'redemption' ||
      (leg === 'mcp' && status === 401 && method === 'POST'),
  ).length;

async function ours(sandbox: Sandbox): Promise<Run> {
  const alice = await createEmployee({ profile: sandbox.line.profile, person: 'alice' });
  const { connections } = alice;
  const { ledger } = await sandbox.admin.state();
  await sandbox.admin.faults({ latencyMs });
  const signedIn = new Promise<number>((resolve) => {
    connections.onDidChange(() => {
      if (connections.overview().people[0]?.session.kind === 'signedIn') resolve(performance.now());
    });
  });
  await alice.signIn();
  const startedAt = await signedIn;
  await alice.until(() =>
    connections.overview().connections.every(({ state }) => state.kind === 'connected'),
  );
  const ms = performance.now() - startedAt;
  const entries = await sandbox.admin.ledger(ledger.last);
  await sandbox.admin.faults({ latencyMs: 0 });
  await connections.dispose();
  return { ms, requests: countRequests(entries) };
}

/** An ID token for the SDK, which leaves company sign-in to its caller: read off the sign-in of a person. */
async function idTokenFor(sandbox: Sandbox, client: ClientLine): Promise<string> {
  const { profile } = sandbox.line;
  const seen: string[] = [];
  const [identityProvider] = profile['identityProviders'] as object[];
  const alice = await createEmployee({
    profile: { ...profile, servers: [], identityProviders: [{ ...identityProvider, ...client }] },
    source: 'managed',
    person: 'alice',
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const text = await response.clone().text();
      seen.push(...[...text.matchAll(/"id_token":"([^"]+)"/g)].map(([, token = '']) => token));
      return response;
    },
  });
  await alice.signIn();
  const token = seen.at(-1);
  if (token === undefined) throw new Error('no ID token was seen');
  return token;
}

const byPost = (
  clients: readonly ClientLine[] | undefined,
): ClientLine & { clientSecret: string } => {
  const client = clients?.find((one) => one.clientAuthentication === 'client_secret_post');
  if (client?.clientSecret === undefined) throw new Error('the sandbox has no such client');
  return { ...client, clientSecret: client.clientSecret };
};

/** The SDK knows only client_secret_post at the identity provider; the sandbox pairs like with like. */
class PostProvider extends CrossAppAccessProvider {
  override clientInformation() {
    return { ...super.clientInformation(), token_endpoint_auth_method: 'client_secret_post' };
  }
}

async function sdkConnect(line: SandboxLine, server: ServerLine, idToken: string): Promise<void> {
  const idp = byPost(line.identityProvider.clients);
  const there = line.authorizationServers.find(
    ({ issuer }) => issuer === server.authorizationServer,
  );
  const provider = new PostProvider({
    clientId: byPost(there?.clients).clientId,
    clientSecret: byPost(there?.clients).clientSecret,
    expectedIssuer: server.authorizationServer,
    assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
      const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
        idpUrl: line.identityProvider.issuer,
        audience: authorizationServerUrl,
        resource: resourceUrl,
        idToken,
        clientId: idp.clientId,
        clientSecret: idp.clientSecret,
        ...(scope === undefined ? {} : { scope }),
        fetchFn,
      });
      return jwtAuthGrant;
    },
  });
  const client = new Client({ name: 'bench', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    authProvider: provider,
  });
  await client.connect(transport);
  await client.listTools();
  await client.close();
}

async function sdk(sandbox: Sandbox, idToken: string, atOnce: boolean): Promise<Run> {
  const { line } = sandbox;
  await sandbox.admin.faults({ latencyMs });
  const run = await measured(sandbox, async () => {
    if (atOnce) await Promise.all(line.servers.map((one) => sdkConnect(line, one, idToken)));
    else for (const one of line.servers) await sdkConnect(line, one, idToken);
  });
  await sandbox.admin.faults({ latencyMs: 0 });
  return run;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const sandbox = await startSandbox();
const rows: Record<string, Run[]> = {};
try {
  const idToken = await idTokenFor(sandbox, byPost(sandbox.line.identityProvider.clients));
  for (let run = 0; run < runs; run++) {
    (rows['ours, at once'] ??= []).push(await ours(sandbox));
    (rows['SDK v2, at once'] ??= []).push(await sdk(sandbox, idToken, true));
    (rows['SDK v2, one by one'] ??= []).push(await sdk(sandbox, idToken, false));
  }
} finally {
  await sandbox.stop();
}

const reference = median((rows['ours, at once'] ?? []).map(({ ms }) => ms));
console.log(`4 servers, ${latencyMs} ms added to each answer, ${runs} runs, medians`);
for (const [name, done] of Object.entries(rows)) {
  const ms = median(done.map((run) => run.ms));
  const requests = median(done.map((run) => run.requests));
  const ratio = (ms / reference).toFixed(2);
  console.log(
    `${name.padEnd(20)} ${ms.toFixed(0).padStart(6)} ms  ${ratio} x  ${requests} requests`,
  );
}
