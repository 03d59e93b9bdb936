// A command-line agent beside VS Code: given a key, listed, and cut off, by a person at the keyboard.
import assert from 'node:assert/strict';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { browserStorage, filesBelow, findSecrets } from '../support/secretSearch.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import { screenshotInThemes } from '../support/themes.ts';

interface Entry {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe('Another client, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  const given: { entry?: Entry; client?: Client } = {};

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    const profile = { ...acme.line.profile, harnesses: { otherClients: true } };
    person = await startPersonSession(setup, {
      'enterpriseMcp.profile': profile,
      'remote.autoForwardPorts': false,
    });
    const { workbench, context } = person;
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await workbench.openContainer('Enterprise MCP');
    await workbench.setSideBarWidth(420);
    const opened = context.waitForEvent('page');
    await workbench.runCommand('Enterprise MCP: Sign In');
    await signInAs(await opened, 'alice');
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 15_000 });
  });

  after(async () => {
    await given.client?.close().catch(() => undefined);
    await person.close();
    await acme.stop();
    person.folders.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `clients-${name}.png`));
  const row = (words: string) => person.workbench.row(words);
  const clipboard = () => person.workbench.page.evaluate<string>('navigator.clipboard.readText()');

  async function connect({ url, headers }: Entry): Promise<Client> {
    const client = new Client({ name: 'claude-code', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
    );
    return client;
  }

  it('makes nothing while the person may still think better of it', async () => {
    const { workbench } = person;
    await workbench.runCommand('Enterprise MCP: Connect Another Client');
    await workbench.quickInput('Which client?').waitFor();
    await screenshot('which');
    await workbench.page.keyboard.press('Escape');
    assert.equal(await row('Other clients').count(), 0);
  });

  it('is given the text for its file, with a key that is shown once', async () => {
    const { workbench } = person;
    await workbench.runCommand('Enterprise MCP: Connect Another Client');
    await workbench.pick('Claude Code');
    await workbench.quickInput('What do you call it?').waitFor();
    await screenshot('name');
    await workbench.page.keyboard.press('Enter');
    await workbench.tab('Claude Code.jsonc').waitFor();
    const text = workbench.page.locator('.monaco-editor .view-lines', { hasText: 'mcpServers' });
    await text.first().waitFor();
    const note = workbench.notification('Add the text to ~/.claude.json');
    await note.waitFor();
    await screenshot('text');
    await note.getByText('Copy', { exact: true }).click();
    const copied = await eventually('the text is copied', async () => {
      const read = JSON.parse(await clipboard()) as { mcpServers: Record<string, Entry> };
      return read.mcpServers;
    });
    assert.deepEqual(Object.keys(copied).sort(), ['builds', 'docs', 'everything', 'tickets']);
    await screenshotInThemes(workbench, setup, 'clients-text');
    given.entry = copied['tickets']!;
    assert.match(given.entry.url, /^http:\/\/127\.0\.0\.1:294\d\d\/mcp\/tickets$/);
  });

  it('is listed, and its use shows', async () => {
    await row('Claude Code').waitFor();
    const before = (await person.workbench.rows()).find(({ text }) => text.includes('Claude Code'));
    assert.match(before?.name ?? '', /^Claude Code, not used yet/);
    given.client = await connect(given.entry!);
    const { tools } = await given.client.listTools();
    assert.ok(tools.length > 0);
    const [tool] = tools.filter(({ annotations }) => annotations?.readOnlyHint === true);
    const result = await given.client.callTool({ name: tool!.name, arguments: {} });
    assert.ok('content' in result);
    await row('last used just now').waitFor();
    await screenshotInThemes(person.workbench, setup, 'clients-row');
  });

  it('leaves its key nowhere on the computer', async () => {
    const key = given.entry!.headers['Authorization']!.slice('Bearer '.length);
    const { data, workspace } = person.folders;
    const places = new Map<string, Buffer | string>([
      ...filesBelow(data),
      ...filesBelow(workspace),
      ['the browser', await browserStorage(person.workbench.page)],
      ['the console', person.console.join('\n')],
      ['the ledger of the company', JSON.stringify(await acme.admin.ledger(0))],
    ]);
    assert.ok(places.size > 20);
    const found = findSecrets([{ kind: 'key of a client', value: key }], places);
    assert.deepEqual(
      found.filter((one) => one.startsWith('key')),
      [],
    );
  });

  it('is cut off when its key is revoked, in whichever window', async () => {
    const { workbench: first } = person;
    const workbench = await person.openWindow('another-project');
    await workbench.openContainer('Enterprise MCP');
    const row = (words: string) => workbench.row(words);
    await row('Claude Code').hover();
    await row('Claude Code')
      .getByRole('button', { name: /Revoke/ })
      .click();
    const screenshot = (name: string) =>
      workbench.screenshot(path.join(setup.artifacts, `clients-${name}.png`));
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Revoke the key of' });
    await dialog.getByText('cut off at once').waitFor();
    await screenshot('question');
    assert.ok((await given.client!.listTools()).tools.length > 0, 'nothing before the click');
    await dialog.getByText('Revoke Key', { exact: true }).click();
    await row('Other clients').waitFor({ state: 'detached' });
    await first.row('Other clients').waitFor({ state: 'detached' });
    await assert.rejects(given.client!.listTools());
    await assert.rejects(connect(given.entry!));
    await screenshot('revoked');
  });
});
