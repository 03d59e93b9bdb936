// The server suite of the MCP conformance tests finds no difference between a server and the same server
// behind the gateway: every check, in order, with its outcome. And it would notice one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startFront } from './front.ts';
import { startTestServer, type Era, type TestServer } from './server/testServer.ts';
import { buildFront, differences, runSuite, type Change, type Outcome } from './suite.ts';

const token = 'let-me-in';
/** Scenarios, and checks at least: what version 0.2.0-alpha.12 of the suite has. */
const size: Record<Era, readonly [scenarios: number, checks: number]> = {
  '2025-11-25': [33, 91],
  '2026-07-28': [40, 153],
};

describe('MCP conformance through the gateway', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'conformance-front-'));
  const direct = new Map<Era, Outcome>();
  const guarded = new Map<Era, TestServer>();

  before(async () => {
    for (const era of ['2025-11-25', '2026-07-28'] as const) {
      const server = await startTestServer(era);
      direct.set(era, await runSuite(server.url, era));
      await server.close();
      guarded.set(era, await startTestServer(era, token));
    }
  });
  after(async () => {
    await Promise.all([...guarded.values()].map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the suite says of the server behind the gateway, and what it said without. */
  async function compare(start: typeof startFront, era: Era, scenario?: string): Promise<string[]> {
    const front = await start(guarded.get(era)!.url, token);
    try {
      const through = await runSuite(front.url, era, scenario);
      const all = direct.get(era)!;
      const before = [...all].filter(([name]) => scenario === undefined || name === scenario);
      assert.ok(before.length > 0);
      return differences(new Map(before), through);
    } finally {
      await front.close();
    }
  }

  for (const [era, [scenarios, checks]] of Object.entries(size) as [Era, [number, number]][]) {
    it(`${era}: the test server does all that the suite asks for`, () => {
      const outcome = direct.get(era)!;
      assert.equal(outcome.size, scenarios);
      const lines = [...outcome.values()].flat();
      assert.equal(lines.length, checks);
      assert.deepEqual(
        lines.filter((line) => !/^\S+ \S+ (SUCCESS|INFO)( |$)/.test(line)),
        [],
      );
    });

    it(`${era}: the same scenarios and checks behind the gateway`, async () => {
      assert.deepEqual(await compare(startFront, era), []);
    });
  }

  const mutations: [name: string, era: Era, change: Change, scenario: string][] = [
    [
      'holds an event stream back until it ends',
      '2026-07-28',
      {
        file: 'relay.ts',
        from: 'await pass(body, to, (bytes) => to.stream.write(filter.push(bytes)));',
        to: `const all = [];
  await pass(body, to, (bytes) => { all.push(filter.push(bytes)); return Promise.resolve(); });
  await to.stream.write(Buffer.concat(all));`,
      },
      'server-stateless',
    ],
    [
      'drops the id of the session',
      '2025-11-25',
      {
        file: 'upstreamHeaders.ts',
        from: "{ 'mcp-session-id': session.upstreamId }",
        to: '{}',
      },
      'ping',
    ],
    [
      'drops the headers of each request',
      '2026-07-28',
      {
        file: 'upstreamHeaders.ts',
        from: "'mcp-protocol-version', 'mcp-method', 'mcp-name'",
        to: '',
      },
      'tools-list',
    ],
    [
      'refuses to end a session',
      '2025-11-25',
      {
        file: 'gateway.ts',
        from: 'else endSession({ session, response }, served, this.#context);',
        to: 'else answerWith(response, 405);',
      },
      'server-session-lifecycle',
    ],
    [
      'drops the id of the last event',
      '2025-11-25',
      { file: 'upstreamHeaders.ts', from: "'last-event-id',", to: '' },
      'server-sse-polling',
    ],
  ];
  for (const [name, era, change, scenario] of mutations) {
    it(`notices a gateway that ${name}`, async () => {
      const outfile = join(folder, `${change.file}-${scenario}.mjs`);
      await buildFront(outfile, change);
      const mutant = (await import(pathToFileURL(outfile).href)) as {
        startFront: typeof startFront;
      };
      assert.notDeepEqual(await compare(mutant.startFront, era, scenario), []);
    });
  }

  it('finds a gateway that was bundled without a change the same, as it must', async () => {
    const outfile = join(folder, 'same.mjs');
    await buildFront(outfile, {
      file: 'relay.ts',
      from: 'const maxFailures',
      to: 'const maxFailures',
    });
    const same = (await import(pathToFileURL(outfile).href)) as { startFront: typeof startFront };
    for (const scenario of ['tools-call-elicitation', 'ping', 'server-sse-polling']) {
      assert.deepEqual(await compare(same.startFront, '2025-11-25', scenario), []);
    }
  });
});
