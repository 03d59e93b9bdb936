// What only a person can do: a code on another page, a yes for one server, a stronger sign-in for another.
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';

const scopes = ['notes:read'];
const strong = 'urn:acme:acr:strong';

describe('Confirmations, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox({
      setup: {
        identityProvider: {
          deviceGrant: true,
          deviceIntervalSec: 1,
          stepUp: { vault: { acr: strong } },
        },
        authorizationServers: [
          { id: 'notes', label: 'Notes' },
          { id: 'board', label: 'Board', interaction: { intervalSec: 1, expiresInSec: 120 } },
        ],
        servers: [
          { id: 'notes', label: 'Notes', authorizationServer: 'notes', scopes },
          { id: 'vault', label: 'Vault', authorizationServer: 'notes', scopes },
          { id: 'board', label: 'Board', authorizationServer: 'board', scopes },
        ],
      },
    });
    person = await startPersonSession(setup, { 'enterpriseMcp.profile': acme.line.profile });
    page = person.workbench.page;
    await person.workbench.openContainer('Enterprise MCP');
    await person.workbench.setSideBarWidth(460);
  });

  after(async () => {
    await person.close();
    await acme.stop();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot('failed');
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `confirmations-${name}.png`));
  const row = (server: string, words: RegExp) =>
    person.workbench.row(server).filter({ hasText: words }).waitFor({ timeout: 15_000 });
  /** The button at the end of a row, as it stands there under the pointer. */
  const press = async (server: string, action: string) => {
    await person.workbench.row(server).hover();
    await person.workbench.row(server).getByRole('button', { name: action }).click();
  };

  it('signs in with a code that is shown here and entered there', async () => {
    await person.workbench.statusBarItem('Sign in to Acme').waitFor({ timeout: 30_000 });
    await person.workbench.runCommand('Enterprise MCP: Sign In with a Code');
    const offer = page.locator('.notification-list-item', { hasText: 'Sign in on any device' });
    await offer.waitFor();
    await screenshot('code');
    const opened = person.context.waitForEvent('page');
    await offer.getByText('Copy Code and Open Page').click();
    const there = await opened;
    await there.waitForLoadState();
    for (const text of ['Continue', 'Yes, continue']) {
      const button = there.getByRole('button', { name: text, exact: true });
      if (await button.isVisible()) await button.click();
      await there.waitForLoadState();
      if ((await there.locator('input[name=password]').count()) > 0) await signInAs(there, 'alice');
      await there.waitForLoadState();
    }
    await there.getByText('Go back to your device').waitFor();
    await there.close();
    await row('Notes', /Connected/);
  });

  it('says of the others what each waits for, and opens nothing unasked', async () => {
    await row('Vault', /stronger sign-in/i);
    await row('Board', /confirm/i);
    await screenshot('waiting');
  });

  it('continues in the browser on the click', async () => {
    const opened = person.context.waitForEvent('page');
    await press('Board', 'Continue in Browser');
    const there = await opened;
    await there.getByRole('button', { name: 'Yes' }).click();
    await there.getByText('Thank you').waitFor();
    await there.close();
    await row('Board', /Connected/);
  });

  it('signs in more strongly on the click, and connects', async () => {
    const opened = person.context.waitForEvent('page');
    await press('Vault', 'Sign In');
    const there = await opened;
    await there.locator('input[name=password]').waitFor();
    await signInAs(there, 'alice');
    await row('Vault', /Connected/);
    await row('Notes', /Connected/);
    await screenshot('connected');
  });
});
