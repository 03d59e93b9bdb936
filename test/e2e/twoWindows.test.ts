// Two windows of one VS Code, as a person has them: what is done in one has happened in both.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import type { Workbench } from '../support/workbench.ts';

/** What one window does has happened in the others, milliseconds; painting it is included. */
const soonMs = 2_000;

describe('Two windows, as a person', () => {
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  const windows: Workbench[] = [];

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    person = await startPersonSession(setup, { 'enterpriseMcp.profile': acme.line.profile });
    windows.push(person.workbench, await person.openWindow('another-project'));
    for (const one of windows) await one.statusBarItem('Sign in to Acme').waitFor();
    for (const one of windows) await one.openContainer('Enterprise MCP');
  });
  after(async () => {
    await person.close();
    await acme.stop();
    person.folders.remove();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    const name = this.currentTest.title.replace(/\W+/g, '-');
    for (const [place, window] of windows.entries()) {
      await window.screenshot(path.join(setup.artifacts, `failed-${name}-${place}.png`));
    }
  });

  const rowSays = (window: Workbench, server: string, words: RegExp, withinMs = soonMs) =>
    eventually(
      `${server}: ${String(words)}`,
      async () =>
        (await window.rows()).some(({ text }) => text.startsWith(server) && words.test(text)),
      { withinMs, everyMs: 20 },
    );
  const count = async (leg: string) =>
    (await acme.admin.ledger(0)).filter((entry) => entry.leg === leg).length;

  it('are both connected by one sign-in, with one exchange per server', async () => {
    const [first, second] = windows as [Workbench, Workbench];
    const opened = person.context.waitForEvent('page');
    await first.page.bringToFront();
    await first.statusBarItem('Sign in to Acme').locator('a').first().click();
    const page: Page = await opened;
    await page.waitForURL(/acme\.localhost/);
    await signInAs(page, 'alice');
    for (const window of [first, second]) {
      await window.statusBarItem('4 servers connected').waitFor({ timeout: 10_000 });
    }
    assert.equal(await count('exchange'), 4);
  });

  it('both have a server off that is turned off in one', async () => {
    const [first, second] = windows as [Workbench, Workbench];
    await second.page.bringToFront();
    await second.runCommand('Enterprise MCP: Turn Server Off');
    await second.pick('Docs');
    await rowSays(second, 'Docs', /Turned off by you/);
    await rowSays(first, 'Docs', /Turned off by you/);
  });

  it('both say within a second what one of them hears is removed', async () => {
    const [first, second] = windows as [Workbench, Workbench];
    await acme.admin.remove('alice', 'tickets');
    await first.page.bringToFront();
    await first.runCommand('Enterprise MCP: Check Access Now');
    await rowSays(first, 'Tickets', /Access removed by Acme/, 10_000);
    await rowSays(second, 'Tickets', /Access removed by Acme/);
  });

  it('need no new sign-in when the one that did it is closed', async () => {
    const signIns = await count('signIn');
    await windows.shift()?.page.close();
    const [left] = windows as [Workbench];
    await left.page.bringToFront();
    const exchanges = await count('exchange');
    await left.runCommand('Enterprise MCP: Check Access Now');
    await eventually('the company is asked', async () => (await count('exchange')) > exchanges, {
      withinMs: 5_000,
    });
    await rowSays(left, 'Builds', /Connected/, 5_000);
    const opened = await person.openWindow('third-project');
    windows.push(opened);
    await opened.statusBarItem('2 servers connected').waitFor({ timeout: 10_000 });
    assert.equal(await count('signIn'), signIns);
  });

  it('are both out where one of them signs out', async () => {
    const [first, second] = windows as [Workbench, Workbench];
    await second.page.bringToFront();
    await second.runCommand('Enterprise MCP: Sign Out');
    await second.statusBarItem('Sign in to Acme').waitFor({ timeout: 5_000 });
    await first.statusBarItem('Sign in to Acme').waitFor({ timeout: soonMs });
    await eventually('what both held is given back', async () => {
      const revoked = (await acme.admin.ledger(0))
        .filter(({ leg, outcome }) => leg === 'revocation' && outcome === 'ok')
        .map(({ party, id }) => `${party} ${id}`);
      return ['authorizationServer platform', 'identityProvider acme'].every((party) =>
        revoked.includes(party),
      );
    });
  });
});
