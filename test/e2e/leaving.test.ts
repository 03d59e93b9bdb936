// What a person sees in an outage and after a removal, and how nothing is left of them on a computer.
import assert from 'node:assert/strict';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { browserStorage, filesBelow, findSecrets, readCanaries } from '../support/secretSearch.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';
import { screenshotInThemes } from '../support/themes.ts';

describe('Outages, a removal and leaving, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox();
    person = await startPersonSession(setup, {
      'enterpriseMcp.profile': acme.line.profile,
      'remote.autoForwardPorts': false,
    });
    const { workbench, context } = person;
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await workbench.openContainer('Enterprise MCP');
    await workbench.setSideBarWidth(520);
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
    if (this.currentTest?.state === 'failed') await screenshot('failed');
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `leaving-${name}.png`));
  const inThemes = (name: string) => screenshotInThemes(person.workbench, setup, `leaving-${name}`);
  const rowSays = (server: string, words: RegExp, withinMs = 15_000) =>
    eventually(
      `${server}: ${String(words)}`,
      async () =>
        (await person.workbench.rows()).some(
          ({ text }) => text.startsWith(server) && words.test(text),
        ),
      { withinMs },
    );
  /** What is stored of the person; VS Code's own log, at its most talkative in these runs, is not storage. */
  const keptOfPerson = async () =>
    (await browserStorage(person.workbench.page))
      .split('\n')
      .filter((line) => !/^\["[^"]+","vscode-logs-store"/.test(line))
      .flatMap((line) => line.match(/.{0,80}(alice@acme\.example|accessRemoved).{0,80}/g) ?? []);
  const reconnect = async (server: string) => {
    const row = person.workbench.row(server);
    await row.hover();
    await row.getByRole('button', { name: 'Reconnect' }).click();
  };

  it('says in an outage who is silent and until when all keeps working', async () => {
    const { workbench } = person;
    await acme.admin.faults({ identityProviderDown: true, downAs: 'unavailable' });
    await workbench.runCommand('Enterprise MCP: Check Access Now');
    const said = workbench.statusBarItem(
      /Acme is not answering; 4 servers keep working until \d\d:\d\d/,
    );
    await said.waitFor({ timeout: 20_000 });
    await rowSays('Tickets', /Connected · not confirmed since \d\d:\d\d, open until \d\d:\d\d/);
    await inThemes('not-confirmed');
  });

  it('names at a first connect the party that is silent, and no other', async () => {
    const { workbench } = person;
    await reconnect('Builds');
    await rowSays('Builds', /Paused · company sign-in unreachable/);
    await acme.admin.faults({ identityProviderDown: false });
    await workbench.page.getByRole('button', { name: 'Reconnect All' }).first().click();
    await rowSays('Builds', /Connected/);
    await acme.admin.faults({ authorizationServerDown: ['tickets'], serverDown: ['docs'] });
    await reconnect('Tickets');
    await reconnect('Docs');
    await rowSays('Tickets', /Its sign-in server is not answering/);
    await rowSays('Docs', /Docs is not answering/);
    await workbench.row('Tickets').click();
    await rowSays('Who can mend it', /Nobody has to: it is tried again by itself/);
    await inThemes('silent');
    await workbench.row('Tickets').click();
  });

  it('is back by itself', async function () {
    // The longer nobody answered, the longer it waits.
    this.timeout(170_000);
    await acme.admin.faults({ authorizationServerDown: [], serverDown: [] });
    await rowSays('Tickets', /Connected · 4 tools/, 60_000);
    await person.workbench.statusBarItem('4 servers connected').waitFor({ timeout: 100_000 });
  });

  it('tells of a removal in the row, its history, and what a copy could still do', async () => {
    const { workbench } = person;
    await acme.admin.remove('alice', 'builds');
    await workbench.runCommand('Enterprise MCP: Check Access Now');
    await rowSays('Builds', /Access removed by Acme at \d\d:\d\d/);
    await workbench.notification('Builds: access removed by Acme').waitFor();
    await screenshot('notification');
    await workbench.row('Builds').click();
    await rowSays('A copy made elsewhere would work', /until \d\d:\d\d/);
    await workbench.row('History').click();
    await rowSays('History', /Access removed by Acme · found by a check/);
    await inThemes('removed');
    await eventually('the history is stored', async () => (await keptOfPerson()).length > 0);
    await workbench.row('Builds').click();
  });

  it('asks before everything is forgotten, and forgets nothing at a Cancel', async () => {
    const { workbench } = person;
    const { last } = (await acme.admin.state()).ledger;
    await workbench.runCommand('Enterprise MCP: Forget Everything');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Forget everything' });
    await dialog.getByText('You are signed out everywhere').waitFor();
    await screenshot('forget');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await workbench.statusBarItem('3 servers connected').waitFor();
    const legs = (await acme.admin.ledger(last)).map(({ leg }) => leg);
    assert.ok(!legs.includes('revocation') && !legs.includes('endSession'));
  });

  it('forgets everything, and says who could not be told', async () => {
    const { workbench } = person;
    await acme.admin.faults({ authorizationServerDown: ['tickets'], downAs: 'reset' });
    const { last } = (await acme.admin.state()).ledger;
    await workbench.runCommand('Enterprise MCP: Forget Everything');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Forget everything' });
    await dialog.getByRole('button', { name: 'Forget Everything' }).click();
    const told = workbench.page.locator('.monaco-dialog-box', {
      hasText: 'Everything is forgotten',
    });
    await told.getByText('Tickets could not be told.').waitFor();
    await workbench.statusBarItem('Sign in to Acme').waitFor();
    await screenshot('forgotten');
    await told.getByRole('button', { name: 'OK' }).click();
    const revoked = (await acme.admin.ledger(last))
      .filter(({ leg, outcome }) => leg === 'revocation' && outcome === 'ok')
      .map(({ id }) => id);
    for (const id of ['docs', 'platform']) assert.ok(revoked.includes(id), `told ${id}`);
    assert.ok(!revoked.includes('tickets'));
  });

  it('left nothing: no secret, no history, no account', async () => {
    const { workbench } = person;
    const canaries = readCanaries(person.secretsFile);
    assert.ok(canaries.length > 0, 'the run used secrets');
    const storage = await browserStorage(workbench.page);
    const traces = new Map<string, Buffer | string>([
      ...filesBelow(person.folders.data, [path.join(person.folders.data, 'extensions')]),
      ['browser storage', storage],
    ]);
    assert.deepEqual(findSecrets(canaries, traces), []);
    await eventually('nothing of the person is stored', async () => {
      assert.deepEqual(await keptOfPerson(), []);
      return true;
    });
    await workbench.page.reload();
    await workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 60_000 });
    const asked = (await acme.admin.ledger(0)).at(-1)?.leg;
    assert.notEqual(asked, 'refresh', 'nothing was left to go on with');
  });
});
