// The packed extension in a real VS Code, used by a person at the browser, and what that leaves behind.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { browserStorage, filesBelow, findSecrets, readCanaries } from '../support/secretSearch.ts';
import { readSetup } from '../support/setup.ts';
import { confirmSignOut, signInAs } from '../support/signInPage.ts';
import type { ColorTheme } from '../support/workbench.ts';

const servers = ['Tickets', 'Docs', 'Builds', 'Everything'] as const;

/** The last one stays. */
const themes = {
  dark: { name: 'Dark Modern', className: 'vs-dark' },
  'high-contrast': { name: 'Dark High Contrast', className: 'hc-black' },
  light: { name: 'Light Modern', className: 'vs' },
} as const satisfies Record<string, ColorTheme>;

/** What the README shows, by the name of the screenshot. */
const readmeScreenshots = new Map([
  ['dark', 'dark.png'],
  ['access-removed', 'light.png'],
]);

/** As the parameters of OAuth call them. */
const usedKinds = [
  'access_token',
  'refresh_token',
  'id_token',
  'assertion',
  'code',
  'code_verifier',
];

describe('A workday with Acme, as a person', () => {
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  const treeTexts: string[] = [];

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    person = await startPersonSession(setup, { 'enterpriseMcp.profile': acme.line.profile });
  });

  after(async () => {
    await person.close();
    await acme.stop();
  });

  afterEach(async function () {
    treeTexts.push(JSON.stringify(await person.workbench.rows()));
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replace(/\W+/g, '-');
    await person.workbench.screenshot(path.join(setup.artifacts, `failed-${name}.png`));
  });

  async function rowSays(server: string, words: RegExp, withinMs = 10_000): Promise<void> {
    await eventually(
      `${server}: ${String(words)}`,
      async () =>
        (await person.workbench.rows()).some(
          ({ text }) => text.startsWith(server) && words.test(text),
        ),
      { withinMs },
    );
  }

  async function screenshot(name: string): Promise<void> {
    const file = path.join(setup.artifacts, `${name}.png`);
    await person.workbench.screenshot(file);
    const kept = readmeScreenshots.get(name);
    if (!setup.updateScreenshots || kept === undefined) return;
    const folder = path.join(setup.root, 'media/screenshots');
    mkdirSync(folder, { recursive: true });
    copyFileSync(file, path.join(folder, kept));
  }

  it('offers sign-in in the status bar and in the sidebar', async () => {
    const { workbench } = person;
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await workbench.openContainer('Enterprise MCP');
    await workbench.page.locator('.pane-body').getByText('Sign In').first().waitFor();
    await screenshot('signed-out');
  });

  it('connects four servers within two seconds of one sign-in', async () => {
    const { workbench, context } = person;
    const opened = context.waitForEvent('page');
    await workbench.statusBarItem('Sign in to Acme').locator('a').first().click();
    const signInPage: Page = await opened;
    await signInPage.waitForURL(/acme\.localhost/);
    assert.equal(await signInPage.title(), 'Sign in to Acme');
    await signInPage.screenshot({ path: path.join(setup.artifacts, 'identity-provider.png') });
    await signInAs(signInPage, 'alice');
    const signedInAt = performance.now();
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 10_000 });
    const tookMs = performance.now() - signedInAt;
    console.log(`      ${String(Math.round(tookMs))} ms from the password to four servers`);
    assert.ok(tookMs < 2_000, `${String(tookMs)} ms`);
    for (const server of servers) await rowSays(server, /Connected/);
  });

  it('lets VS Code list and start a server', async () => {
    const { workbench } = person;
    await workbench.runCommand('MCP: List Servers');
    await workbench.pick('Tickets');
    await workbench.pick('Start Server');
    await eventually('VS Code speaks to the gateway, and with its key', () =>
      readCanaries(person.secretsFile).some(({ kind }) => kind === 'gateway key'),
    );
  });

  it('tells more about a server below its row', async () => {
    const { workbench } = person;
    await workbench.openContainer('Enterprise MCP');
    await workbench.setSideBarWidth(520);
    await workbench.row('Tickets').click();
    await rowSays('Read and write', /tickets:read tickets:write/);
    await rowSays('4 tools', /^4 tools$/);
  });

  for (const [name, theme] of Object.entries(themes)) {
    it(`looks right in ${theme.name}`, async () => {
      await person.workbench.setColorTheme(theme);
      await screenshot(name);
    });
  }

  it('says in the row that Acme removed access', async () => {
    const admin = await person.context.newPage();
    await admin.goto(acme.line.admin.page);
    await admin.getByRole('checkbox', { name: 'Tickets for alice' }).uncheck();
    await eventually('the company has taken it away', async () => {
      const { people } = await acme.admin.state();
      return people.some(({ id, grants }) => id === 'alice' && grants['tickets'] === undefined);
    });
    await admin.screenshot({ path: path.join(setup.artifacts, 'admin-page.png') });
    await admin.close();
    await person.workbench.page.bringToFront();
    await person.workbench.runCommand('Enterprise MCP: Check Access Now');
    await rowSays('Tickets', /Access removed by Acme/);
    for (const server of ['Docs', 'Builds', 'Everything']) await rowSays(server, /Connected/);
    await screenshot('access-removed');
  });

  it('copies details an administrator can use', async () => {
    const { workbench } = person;
    await workbench.runCommand('Enterprise MCP: Copy Details for Your Admin');
    await workbench.pick('Tickets');
    const copied = await eventually('the clipboard has them', async () => {
      const text = await workbench.page.evaluate<string>('navigator.clipboard.readText()');
      return text.includes('Tickets') && text;
    });
    treeTexts.push(copied);
    assert.match(copied, /access_denied/);
  });

  it('signs out and revokes', async () => {
    const { workbench, context } = person;
    const opened = context.waitForEvent('page');
    await workbench.runCommand('Enterprise MCP: Sign Out');
    await workbench.statusBarItem('Sign in to Acme').waitFor();
    const signOutPage = await opened;
    await signOutPage.waitForURL(/acme\.localhost/);
    await confirmSignOut(signOutPage);
    await signOutPage.getByText('Signed out of Acme').first().waitFor();
    await eventually('revoked at every party', async () => {
      const revoked = (await acme.admin.ledger(0))
        .filter(({ leg, outcome }) => leg === 'revocation' && outcome === 'ok')
        .map(({ party, id }) => `${party} ${id}`);
      const parties = acme.line.authorizationServers.map(({ id }) => `authorizationServer ${id}`);
      return (
        parties.every((party) => revoked.includes(party)) &&
        revoked.some((party) => party.startsWith('identityProvider'))
      );
    });
  });

  it('never fell back to a sign-in per server and showed no dialog', async () => {
    const fallbacks = (await acme.admin.ledger(0)).filter(({ leg }) => leg === 'fallback');
    assert.deepEqual(fallbacks, []);
    assert.deepEqual(await person.dialogs(), []);
  });

  it('left no secret behind', async () => {
    const canaries = readCanaries(person.secretsFile);
    const kinds = new Set(canaries.map(({ kind }) => kind));
    for (const kind of [...usedKinds, 'gateway key']) {
      assert.ok(kinds.has(kind), `the run used a secret of kind ${kind}`);
    }
    const traces = new Map<string, Buffer | string>([
      ...filesBelow(person.folders.data, [path.join(person.folders.data, 'extensions')]),
      ...filesBelow(person.folders.workspace),
      ['browser storage', await browserStorage(person.workbench.page)],
      ['console', person.console.join('\n')],
      ['tree and clipboard', treeTexts.join('\n')],
      ['ledger', JSON.stringify(await acme.admin.ledger(0))],
    ]);
    assert.ok(
      [...traces.keys()].some((file) => file.endsWith('.log')),
      'log files were searched',
    );
    assert.deepEqual(findSecrets(canaries, traces), []);
    rmSync(person.secretsFile);
    person.folders.remove();
  });
});
