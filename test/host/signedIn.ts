// A working day with Acme in one window: everything from signed out to signed in and left open.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { eventually } from '../support/eventually.ts';
import { createAcme } from './acme.ts';
import { createProduct, serverNames, type ServerName } from './product.ts';
import { runSuite } from './suite.ts';

export const run = (): Promise<void> => runSuite(define);

function define(): void {
  const acme = createAcme();
  const listForgets = !vscode.version.startsWith('1.105.');
  const product = createProduct({ listForgets });

  async function signIn(person: string): Promise<void> {
    await acme.browser.expectVisitor({ person });
    await product.run('enterpriseMcp.signIn');
    await acme.browser.expectVisitor('ignores');
  }

  async function signOut(person: string): Promise<void> {
    await acme.browser.expectVisitor({ person });
    await product.run('enterpriseMcp.signOut');
  }

  const every = (
    act: (server: ServerName) => Promise<void>,
    servers = serverNames,
  ): Promise<unknown> => Promise.all(servers.map(act));

  async function startAll(): Promise<void> {
    for (const server of serverNames) await product.start(server);
  }

  describe(`Enterprise MCP in VS Code ${vscode.version}`, () => {
    before(async () => {
      await acme.admin.reset();
      await product.activate();
    });

    beforeEach(async () => {
      await acme.browser.seen();
      await acme.mark();
    });

    afterEach('nothing fell back to a sign-in per server, no dialog', async () => {
      const fallbacks = (await acme.ledger()).filter(({ leg }) => leg === 'fallback');
      assert.deepEqual(fallbacks, []);
      assert.deepEqual((await acme.browser.seen()).dialogs, []);
    });

    it('asks for nothing before the person signs in', async () => {
      assert.deepEqual(await acme.ledger(), []);
      assert.deepEqual(
        serverNames.flatMap((server) => product.tools(server)),
        [],
      );
    });

    it('connects four servers after one sign-in', async () => {
      await signIn('alice');
      await acme.connected(4);
    });

    it('lists the tools of all four servers', async () => {
      await startAll();
      const expected = {
        Tickets: ['search_tickets', 'read_ticket', 'create_ticket', 'close_ticket'],
        Docs: ['search_docs', 'read_page'],
        Builds: ['list_builds', 'run_build'],
        Everything: ['echo'],
      };
      for (const server of serverNames) {
        for (const tool of expected[server]) {
          const names = product.tools(server);
          assert.ok(
            names.some((name) => name.endsWith(`_${tool}`)),
            `${server}: ${tool}`,
          );
        }
      }
    });

    it("gives each server's real answer, as alice", async () => {
      for (const server of ['Tickets', 'Docs', 'Builds'] as const) {
        assert.match(await product.ask(server), /alice/);
      }
      assert.match(await product.ask('Everything'), /good morning/);
    });

    it('shows the account, and gives other extensions no credential', async () => {
      const accounts = await vscode.authentication.getAccounts('enterprise-mcp');
      assert.equal(accounts.length, 1);
      assert.match(accounts[0]!.label, /alice/);
    });

    it('takes the tools of a removed server away and leaves the others', async () => {
      await acme.admin.remove('alice', 'tickets');
      await product.run('enterpriseMcp.checkNow');
      await product.gone('Tickets');
      assert.match(await product.ask('Docs'), /alice/);
      assert.match(await product.ask('Builds'), /alice/);
    });

    it('takes the tools of every server away within a second of the answer', async function () {
      await acme.mark();
      await acme.admin.remove('alice', 'docs');
      await acme.admin.remove('alice', 'builds');
      const gone = Promise.all([product.goneAt('Docs'), product.goneAt('Builds')]);
      await product.run('enterpriseMcp.checkNow');
      const goneAtMs = await gone;
      const answeredAtMs = (await acme.ledger())
        .filter(({ leg, outcome }) => leg === 'exchange' && outcome === 'denied')
        .map(({ at }) => Date.parse(at));
      assert.ok(answeredAtMs.length >= 2, 'Acme said no to both');
      const tookMs = Math.max(...goneAtMs) - Math.min(...answeredAtMs);
      this.test!.title += `: ${tookMs} ms`;
      assert.ok(tookMs <= 1_000, `${tookMs} ms`);
      await acme.admin.grant('alice', 'docs', ['docs:read']);
      await acme.admin.grant('alice', 'builds', ['builds:run']);
    });

    it('brings them back with the access', async () => {
      await acme.admin.grant('alice', 'tickets', ['tickets:read', 'tickets:write']);
      await product.run('enterpriseMcp.reconnectAll');
      await every(product.back);
      assert.match(await product.ask('Tickets'), /alice/);
    });

    const grows = listForgets ? '' : ' (in VS Code 1.105 the list only grows: skipped)';
    it(`lists only what reads while Acme grants reading alone, and all again after${grows}`, async function () {
      if (!listForgets) this.skip();
      const writes = () => product.tools('Tickets').some((name) => name.endsWith('_create_ticket'));
      await acme.admin.grant('alice', 'tickets', ['tickets:read']);
      await product.run('enterpriseMcp.checkNow');
      await eventually('what writes is gone', () => !writes());
      assert.match(await product.ask('Tickets'), /alice/);
      await acme.admin.grant('alice', 'tickets', ['tickets:read', 'tickets:write']);
      await product.run('enterpriseMcp.reconnectAll');
      await eventually('what writes is back', writes);
    });

    it('goes on at another address when somebody sweeps its own away', async () => {
      const before = gatewaySocket();
      rmSync(path.dirname(before), { recursive: true });
      await eventually('the gateway listens elsewhere', () => gatewaySocket() !== before);
      for (const server of ['Tickets', 'Docs', 'Builds'] as const) {
        await eventually(`${server} answers`, async () => /alice/.test(await product.ask(server)));
      }
    });

    it('ends a call in flight with a sentence when access is removed', async () => {
      const call = product.call('run_build', { seconds: 60 }, 30_000);
      await eventually('the build runs', async () =>
        (await acme.ledger()).some(({ detail }) => detail === 'run_build'),
      );
      // The one question that is VS Code's own, and which it tells of when it likes.
      const isAsked = async () => (await acme.browser.seen()).dialogs.length > 0;
      await eventually('VS Code asked whether a tool that changes something may run', isAsked);
      await acme.admin.remove('alice', 'builds');
      const removedAt = performance.now();
      await product.run('enterpriseMcp.checkNow');
      assert.match(await call, /Acme/);
      assert.ok(performance.now() - removedAt < 3_000, 'the call ended soon after the removal');
      await product.gone('Builds');
      await acme.admin.grant('alice', 'builds', ['builds:run']);
      await product.run('enterpriseMcp.reconnectAll');
      await every(product.back);
    });

    it('closes everything when Acme ends the session', async () => {
      await acme.admin.endSession('alice');
      await product.run('enterpriseMcp.checkNow');
      await every(product.gone);
      assert.deepEqual((await acme.browser.seen()).pages, []);
    });

    it('connects everything again after a sign-in, also when an earlier page was left alone', async () => {
      await acme.browser.expectVisitor('ignores');
      const abandoned = product.run('enterpriseMcp.signIn');
      await eventually('the page opens', async () =>
        (await acme.ledger()).some(({ leg }) => leg === 'signIn'),
      );
      await signIn('alice');
      await abandoned;
      await acme.connected(4);
      await startAll();
      assert.match(await product.ask('Tickets'), /alice/);
    });

    it('closes everything and revokes on sign-out', async () => {
      await signOut('alice');
      await every(product.gone);
      await acme.signedOut();
      const accounts = await vscode.authentication.getAccounts('enterprise-mcp');
      assert.deepEqual(accounts, []);
    });

    it('gives bob what bob is granted, and nothing else', async () => {
      await signIn('bob');
      await acme.connected(1);
      await product.start('Docs');
      assert.match(await product.ask('Docs'), /bob/);
      await every(product.gone, ['Tickets', 'Builds', 'Everything']);
      await acme.mark();
      await signOut('bob');
      await product.gone('Docs');
      await acme.browserSessionEnded();
    });

    it('is left signed in for the reload', async () => {
      await signIn('alice');
      await acme.connected(4);
      await startAll();
    });
  });
}

/** Where this process, which is the extension's, listens for VS Code, as Linux tells it (proc(5)). */
function gatewaySocket(): string {
  const own = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const sockets = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , inode = '', file = '']) => own.has(inode) && /emcp-\w{6}\/s$/.test(file));
  // Connections it has accepted bear the same name.
  const [found = ''] = sockets.filter(([, , , flags]) => flags === '00010000').map((one) => one[7]);
  return found;
}
