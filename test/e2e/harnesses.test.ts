// Who else may use the servers, and what VS Code's own lists keep from them, as a person sees it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { BrowserContext } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { browserStorage } from '../support/secretSearch.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import { screenshotInThemes } from '../support/themes.ts';

const setup = readSetup();

describe("VS Code's own lists and sessions, as a person", function () {
  this.timeout(60_000);
  const { acme, person, rowSays, inThemes } = startedWith('rules', {
    profile: {},
    settings: { 'chat.editor.preferCopilotHarness': true },
  });

  it('says in one line that agent-host sessions get none of the servers', async () => {
    await rowSays('Not for agent-host sessions', /not allowed in your settings/);
    await inThemes('agent-host');
  });

  it('a server that rewrites a tool is noticed while it is in use', async () => {
    await eventually('VS Code uses Tickets', async () => (await used('tickets', 0)) > 0);
    await acme().admin.rewriteTools('tickets');
    await rowSays('Tickets', /Connected · 4 tools · tools changed at \d\d:\d\d/);
    await person().workbench.row('Tickets').click();
    await rowSays('Tools changed', /changed: read_ticket · just now/);
    await inThemes('tools-changed');
    await person().workbench.row('Tickets').click();
  });

  it('names a server that an allow-list blocks, and only that', async () => {
    await allowOnly(person().context, [{ serverName: 'Docs' }]);
    const { last } = (await acme().admin.state()).ledger;
    await reopened();
    await rowSays('Tickets', /Blocked by Acme's allow-list in VS Code/);
    await rowSays('Docs', /Connected · \d+ tools?/);
    await inThemes('blocked');
    // VS Code thinks so, too: it has asked Docs for its tools, and Tickets for nothing.
    await eventually('VS Code uses Docs', async () => (await used('docs', last)) > 0);
    assert.equal(await used('tickets', last), 0);
  });

  it('gives the entry that lets it through', async () => {
    const { workbench, context } = person();
    await workbench.row('Tickets').click({ button: 'right' });
    await workbench.page.getByText('Copy Allow-List Entry for Your Admin').click();
    await workbench.notification('Copied. An administrator adds it').waitFor();
    const entry = await workbench.page.evaluate<string>('navigator.clipboard.readText()');
    assert.deepEqual(JSON.parse(entry), { serverName: 'Tickets' });
    await allowOnly(context, [{ serverName: 'Docs' }, JSON.parse(entry) as object]);
    const { last } = (await acme().admin.state()).ledger;
    await reopened();
    await rowSays('Tickets', /Connected · \d+ tools/);
    await eventually('VS Code uses Tickets', async () => (await used('tickets', last)) > 0);
  });

  /** Lists of tools that VS Code asked for; our own look at a server asks once when it connects. */
  async function used(server: string, since: number): Promise<number> {
    const entries = (await acme().admin.ledger(since)).filter((one) => one.server === server);
    return Math.max(0, entries.filter(({ detail }) => detail === 'tools/list').length - 1);
  }

  async function reopened(): Promise<void> {
    const { workbench } = person();
    await workbench.page.reload();
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 60_000 });
    await workbench.openContainer('Enterprise MCP');
  }
});

describe('Agent-host sessions that the company lets in', function () {
  this.timeout(60_000);
  const { person, rowSays } = startedWith('agentHost', {
    profile: { harnesses: { agentHost: true } },
    settings: { 'chat.editor.preferCopilotHarness': true, 'remote.autoForwardPorts': true },
  });
  const definition = { url: '', headers: {} as Record<string, string> };

  it('find in the definition all they need, and the tree has nothing to say', async () => {
    await rowSays('Tickets', /Connected · \d+ tools/);
    const rows = await person().workbench.rows();
    assert.ok(!rows.some(({ text }) => text.startsWith('Not for agent-host')));
    Object.assign(definition, await stored('Tickets'));
    assert.match(definition.url, /^http:\/\/127\.0\.0\.1:\d+\/mcp\/tickets$/);
    const client = await connected();
    const { tools } = await client.listTools();
    assert.equal(tools.length, 4);
    await client.close();
  });

  it('VS Code does not forward the port to another computer', async () => {
    const { workbench } = person();
    const { port } = new URL(definition.url);
    await workbench.runCommand('Ports: Focus on Ports View');
    // With a port in it the view looks otherwise than without.
    await workbench.page
      .locator('.pane-body:visible', { hasText: /Forward a Port|Add Port/ })
      .last()
      .waitFor();
    // Without a word from us it stands there within five seconds.
    for (const until = performance.now() + 10_000; performance.now() < until;) {
      const rows = (await workbench.rows()).map(({ text }) => text);
      assert.ok(!rows.some((text) => text.startsWith(port)), rows.join('\n'));
      await setTimeout(500);
    }
  });

  it('what is stored is worth nothing once the window is gone', async () => {
    await person().workbench.page.close();
    await eventually(
      'nobody answers there',
      () =>
        connected().then(
          (client) => client.close().then(() => false),
          (error: unknown) => /ECONNREFUSED|fetch failed|404/.test(String(error)),
        ),
      { withinMs: 55_000, everyMs: 1_000 },
    );
  });

  async function connected(): Promise<Client> {
    const client = new Client({ name: 'agent', version: '1' });
    const requestInit = { headers: definition.headers };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(definition.url), { requestInit }),
    );
    return client;
  }

  /** As VS Code keeps it in the browser, in clear, and hands it to the agent host. */
  async function stored(label: string) {
    return eventually('the definition is stored', async () => {
      const storage = await browserStorage(person().workbench.page);
      const text = /\{\\*"id\\*":\\*"[^"]*Tickets.{0,2000}/s.exec(storage)?.[0] ?? '';
      const plain = text.replaceAll('\\', '');
      const port = /"authority":"(127\.0\.0\.1:\d+)"/.exec(plain)?.[1];
      const header = /"headers":\[\["([^"]+)","([^"]+)"\]\]/.exec(plain);
      if (port === undefined || header === null) return undefined;
      assert.ok(plain.includes(label));
      return { url: `http://${port}/mcp/tickets`, headers: { [header[1]!]: header[2]! } };
    });
  }
});

/** A person signed in at Acme, with her window open. */
function startedWith(
  name: string,
  { profile, settings }: { readonly profile: object; readonly settings: object },
) {
  const world = {} as { acme: Sandbox; person: PersonSession };
  before(async function () {
    this.timeout(120_000);
    world.acme = await startSandbox();
    world.person = await startPersonSession(setup, {
      'enterpriseMcp.profile': { ...world.acme.line.profile, ...profile },
      'remote.autoForwardPorts': false,
      ...settings,
    });
    const { workbench, context } = world.person;
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await workbench.openContainer('Enterprise MCP');
    await workbench.setSideBarWidth(520);
    const opened = context.waitForEvent('page');
    await workbench.runCommand('Enterprise MCP: Sign In');
    await signInAs(await opened, 'alice');
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 15_000 });
  });
  after(async () => {
    await world.person.close();
    await world.acme.stop();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    const file = path.join(setup.artifacts, `${name}-failed.png`);
    await world.person.workbench.screenshot(file);
  });
  return {
    acme: () => world.acme,
    person: () => world.person,
    inThemes: (what: string) =>
      screenshotInThemes(world.person.workbench, setup, `${name}-${what}`),
    rowSays: (row: string, words: RegExp) =>
      eventually(`${row}: ${String(words)}`, async () =>
        (await world.person.workbench.rows()).some(
          ({ text }) => text.startsWith(row) && words.test(text),
        ),
      ),
  };
}

/**
 * As an administrator's policy would: a server build reads no policy, so the list stands where VS Code has
 * the default of the setting, which comes to the same from there on.
 */
async function allowOnly(context: BrowserContext, list: readonly object[]): Promise<void> {
  const policy = 'policy:{name:"ChatAllowedMcpServers"';
  const setting = `default:null,scope:1,included:!1,${policy}`;
  await context.unrouteAll();
  await context.route('**/workbench.js', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    assert.ok(text.includes(setting), 'the setting is where it was');
    const listed = `default:${JSON.stringify(list)},scope:1,included:!0,${policy}`;
    await route.fulfill({ response, body: text.replace(setting, listed) });
  });
}
