// Servers of the company that other programs' files set up too: found, explained, and removed on a click.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import { screenshotInThemes } from '../support/themes.ts';

/** Nobody's: it opens nothing. */
const key = 'sk-live-9fQ2xT7bLw4Zr8Nc1Vh6Kd3Mp5Ys';

describe('Shadow connections, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  const files = { workspace: '', home: '' };

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    person = await startPersonSession(setup, {
      'enterpriseMcp.profile': acme.line.profile,
      'remote.autoForwardPorts': false,
    });
    // The person's home is the run's own folder.
    files.home = path.join(person.folders.data, '.cursor/mcp.json');
    files.workspace = path.join(person.folders.workspace, 'acme-project/.vscode/mcp.json');
    for (const file of Object.values(files)) mkdirSync(path.dirname(file), { recursive: true });
    const tickets = acme.line.servers.find(({ id }) => id === 'tickets');
    assert.ok(tickets !== undefined);
    writeFileSync(files.workspace, workspaceFile(tickets.url));
    writeFileSync(files.home, homeFile(tickets.url));
    await person.workbench.openContainer('Enterprise MCP');
    await person.workbench.setSideBarWidth(420);
  });

  after(async () => {
    await person.close();
    await acme.stop();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot('failed');
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `shadow-${name}.png`));
  const row = () => person.workbench.row('also set up without Acme');
  const noteText = (words: string) => person.workbench.notification(words).waitFor();

  it('says nothing before anything is connected', async () => {
    await person.workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    assert.equal(await row().count(), 0);
  });

  it('shows one row once the servers are connected', async () => {
    const { workbench, context } = person;
    const opened = context.waitForEvent('page');
    await workbench.runCommand('Enterprise MCP: Sign In');
    await signInAs(await opened, 'alice');
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 15_000 });
    await row().waitFor();
    const said = (await workbench.rows()).find(({ text }) => text.includes('also set up'));
    assert.equal(said?.text, '1 server also set up without Acmein VS Code and Cursor');
    assert.match(said.name, /^1 server also set up without Acme, in VS Code and Cursor/);
    await screenshotInThemes(workbench, setup, 'shadow-row');
  });

  it('opens what to do on a click, with the key nowhere', async () => {
    const { workbench } = person;
    await row().click();
    await workbench.quickInput('tickets in Cursor').waitFor();
    const text = await workbench.quickInput('tickets in Cursor').innerText();
    assert.match(text, /with a fixed key in a header \(Authorization\)/);
    assert.match(text, /The key outlives your access/);
    assert.match(text, /my-tickets in VS Code/);
    assert.ok(!text.includes(key.slice(3, 20)));
    await screenshot('list');
    await workbench.pick('tickets in Cursor');
    await workbench.quickInput('Remove This Entry…').waitFor();
    await screenshot('tasks');
  });

  it('asks before it removes, and takes out nothing else', async () => {
    const { workbench } = person;
    const before = readFileSync(files.home, 'utf8');
    const workspaceBefore = readFileSync(files.workspace, 'utf8');
    await workbench.pick('Remove This Entry…');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Remove tickets' });
    await dialog.getByText('The rest of the file stays as it is').waitFor();
    await screenshot('question');
    assert.equal(readFileSync(files.home, 'utf8'), before, 'nothing before the click');
    await dialog.getByText('Remove Entry').click();
    await noteText('tickets in Cursor is removed');
    const after = readFileSync(files.home, 'utf8');
    assert.equal(after, homeFile(undefined));
    assert.ok(!after.includes(key), 'the key is out of the file');
    assert.equal(readFileSync(files.workspace, 'utf8'), workspaceBefore);
    await screenshot('removed');
  });

  it('is gone with the last of them', async () => {
    const { workbench } = person;
    await eventually('the row names VS Code alone', async () =>
      (await workbench.rows()).some(({ text }) => text.endsWith('without Acmein VS Code')),
    );
    await workbench.runCommand('Enterprise MCP: Show Servers Set Up Without the Company');
    await workbench.pick('my-tickets in VS Code');
    await workbench.pick('Remove This Entry…');
    await workbench.page.locator('.monaco-dialog-box').getByText('Remove Entry').click();
    await noteText('my-tickets in VS Code is removed');
    await row().waitFor({ state: 'detached' });
    assert.equal(readFileSync(files.workspace, 'utf8'), workspaceFile(undefined));
  });

  it('sends nothing of it to anybody', async () => {
    assert.ok(!JSON.stringify(await acme.admin.ledger(0)).includes(key));
    const asked = new Set(await person.dialogs());
    assert.equal(asked.size, 2, 'one question for each removal');
  });
});

/** With and without the entry of Tickets. */
const homeFile = (url: string | undefined): string =>
  [
    '{',
    '  "mcpServers": {',
    '    "weather": { "command": "weather-mcp", "args": ["--metric"] },',
    ...(url === undefined
      ? []
      : [
          '    "tickets": {',
          `      "url": "${url}",`,
          `      "headers": { "Authorization": "Bearer ${key}" }`,
          '    },',
        ]),
    '    "clock": { "command": "clock-mcp" }',
    '  },',
    '  "theme": "solarized"',
    '}',
    '',
  ].join('\n');

const workspaceFile = (url: string | undefined): string =>
  [
    '{',
    '  // What this project needs.',
    '  "servers": {',
    ...(url === undefined ? [] : [`    "my-tickets": { "type": "http", "url": "${url}" },`]),
    '    "local": { "command": "local-mcp" }, // stays',
    '  },',
    '}',
    '',
  ].join('\n');
