// A security officer runs the revocation drill from the command palette and files the report.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DrillReport } from '../../src/core/drill/report.ts';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import { screenshotInThemes } from '../support/themes.ts';

/** The shortest check interval there is, and the longest a question may take. */
const promisedMs = 60_000 + 15_000;

describe('A revocation drill, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    person = await startPersonSession(setup, {
      'enterpriseMcp.profile': acme.line.profile,
      'enterpriseMcp.checkIntervalMinutes': 1,
      'remote.autoForwardPorts': false,
    });
    const { workbench, context } = person;
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await workbench.openContainer('Enterprise MCP');
    const opened = context.waitForEvent('page');
    await workbench.runCommand('Enterprise MCP: Sign In');
    await signInAs(await opened, 'alice');
    await workbench.statusBarItem('4 servers connected').waitFor({ timeout: 15_000 });
  });

  after(async () => {
    await person.close();
    await acme.stop();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `drill-${name}.png`));

  /** Up to the last question. */
  async function choose(...servers: readonly string[]): Promise<void> {
    const { workbench } = person;
    await workbench.runCommand('Enterprise MCP: Run Revocation Drill');
    await workbench.pick('Access removed at the identity provider');
    await workbench.pickOnly(servers);
  }

  it('says first what would be measured, and asks nobody anything', async () => {
    const { workbench } = person;
    await workbench.runCommand('Enterprise MCP: Run Revocation Drill');
    await workbench.quickInput('What will an administrator do?').waitFor();
    await screenshot('kinds');
    await workbench.pick('Access removed at the identity provider');
    await workbench.quickInput('Tickets').waitFor();
    await screenshot('servers');
    await workbench.pickOnly(['Tickets', 'Docs']);
    const { last } = (await acme.admin.state()).ledger;
    await workbench.quickInput('Begin').waitFor();
    await screenshot('begin');
    await workbench.pick('Only Say What Would Be Measured');
    const shown = await workbench.preview('what would be measured');
    const text = await shown.innerText();
    for (const words of ['Tickets', 'Docs', 'closed within 75 s', 'three times before']) {
      assert.ok(text.includes(words), `${words}: ${text}`);
    }
    assert.doesNotMatch(text, /Builds|Everything/);
    await screenshot('dry-run');
    const asked = (await acme.admin.ledger(last)).filter(({ leg }) => leg === 'mcp');
    assert.deepEqual(asked, [], 'no server was called');
  });

  it('measures a removal at the admin page, and files the report where the person says', async function () {
    this.timeout(180_000);
    const { workbench, context } = person;
    await choose('Tickets');
    await workbench.pick('Begin');
    await workbench.quickInput('Then say when it was done').waitFor({ timeout: 20_000 });
    await screenshot('waiting');
    const admin = await context.newPage();
    await admin.goto(acme.line.admin.page);
    await admin.getByRole('checkbox', { name: 'Tickets for alice' }).uncheck();
    await eventually('the company has taken it away', async () => {
      const { people } = await acme.admin.state();
      return people.some(({ id, grants }) => id === 'alice' && grants['tickets'] === undefined);
    });
    await admin.close();
    const removedAtMs = Date.now();
    await workbench.page.bringToFront();
    await workbench.page.keyboard.press('Enter');
    await workbench.notification('0 of 1 closed').waitFor();
    await screenshot('running');
    const ended = workbench.notification('The revocation drill ended: PASS');
    await ended.waitFor({ timeout: promisedMs + 10_000 });
    const text = await (await workbench.preview('Revocation drill: PASS')).innerText();
    await screenshotInThemes(workbench, setup, 'drill-report');
    const file = path.join(person.folders.workspace, 'acme-project', 'filed.md');
    await ended.getByText('Save Report…').click();
    await workbench.saveAs(file);
    const report = await eventually('both files are written', () => {
      const json = readFileSync(file.replace(/\.md$/, '.json'), 'utf8');
      return JSON.parse(json) as DrillReport;
    });
    const markdown = readFileSync(file, 'utf8');
    await workbench.tab('filed.md').waitFor();
    await screenshot('saved');

    const [tickets] = report.servers;
    assert.ok(tickets !== undefined && report.servers.length === 1);
    const since = (atMs: number | undefined) => (atMs ?? NaN) - removedAtMs;
    console.log(
      `      found out ${since(tickets.detectedAtMs)} ms after the removal, gate ${since(tickets.gateClosedAtMs)} ms, tools gone ${since(tickets.toolsGoneAtMs)} ms`,
    );
    assert.equal(tickets.verdict, 'PASS');
    assert.equal(tickets.boundMs, promisedMs);
    assert.equal(tickets.detector, 'check');
    assert.equal(tickets.closedAs, 'accessRemoved');
    assert.ok(tickets.callsBefore === 3 && tickets.callsAfterTrigger > 0);
    assert.ok(Math.abs(report.triggeredAtMs - removedAtMs) < 2_000);
    for (const atMs of [tickets.gateClosedAtMs, tickets.wipedAtMs, tickets.toolsGoneAtMs]) {
      const lateMs = (atMs ?? NaN) - (tickets.detectedAtMs ?? NaN);
      assert.ok(lateMs >= 0 && lateMs <= 1_000, `${lateMs} ms after the answer`);
    }
    assert.ok((tickets.copyWorksUntilMs ?? 0) > report.endedAtMs, 'it says how long a copy works');
    assert.ok(report.scan.credentials > 0 && report.scan.files > 0);
    assert.deepEqual([report.scan.hits, report.scan.unread], [[], []]);
    assert.deepEqual(report.witnessed, { browserOpened: 0, registrations: 0 });
    for (const words of ['Promised', 'closed within 75.0 s', 'none was found', 'A copy made']) {
      assert.ok(text.includes(words) && markdown.includes(words.replace('.', '\\.')), words);
    }
    assert.match(text, /Browser opened: 0 times. Registrations: 0./);
    assert.doesNotMatch(JSON.stringify(report) + markdown, /alice/);
  });

  it('is inconclusive where nothing was called before', async () => {
    const { workbench } = person;
    await acme.admin.faults({ serverDown: ['docs'] });
    await choose('Docs');
    await workbench.pick('Begin');
    await workbench.quickInput('Then say when it was done').waitFor({ timeout: 30_000 });
    await workbench.page.keyboard.press('Enter');
    await workbench
      .notification('The revocation drill ended: INCONCLUSIVE')
      .waitFor({ timeout: 20_000 });
    const text = await (await workbench.preview('Revocation drill: INCONCLUSIVE')).innerText();
    assert.match(text, /no call was let through before/);
    await screenshot('inconclusive');
  });

  it('opened no dialog of its own', async () => {
    assert.deepEqual(await person.dialogs(), []);
  });
});
