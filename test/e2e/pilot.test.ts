// Somebody who tries it without an administrator's file: everything is entered and found in the editor.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { readProfile } from '../../src/core/profile/profile.ts';
import { eventually } from '../support/eventually.ts';
import { startPersonSession, type PersonSession } from '../support/personSession.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { readSetup } from '../support/setup.ts';
import { signInAs } from '../support/signInPage.ts';

const scopes = ['notes:read'];

describe('A pilot, as a person', function () {
  this.timeout(60_000);
  const setup = readSetup();
  let acme: Sandbox;
  let person: PersonSession;
  let page: Page;

  before(async function () {
    this.timeout(120_000);
    acme = await startSandbox({
      setup: {
        authorizationServers: [
          { id: 'tickets', label: 'Tickets' },
          { id: 'docs', label: 'Docs', clientAuthentication: ['private_key_jwt'] },
        ],
        servers: [
          { id: 'tickets', label: 'Tickets', authorizationServer: 'tickets', scopes },
          { id: 'docs', label: 'Docs', authorizationServer: 'docs', scopes },
        ],
      },
    });
    person = await startPersonSession(setup, {});
    page = person.workbench.page;
  });

  after(async () => {
    await person.close();
    await acme.stop();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot('failed');
  });

  const screenshot = (name: string) =>
    person.workbench.screenshot(path.join(setup.artifacts, `pilot-${name}.png`));
  const input = () => page.locator('.quick-input-widget .quick-input-box input');
  const answer = async (prompt: RegExp, value: string) => {
    await page.locator('.quick-input-widget', { hasText: prompt }).waitFor();
    await input().fill(value);
    await input().press('Enter');
  };
  const accept = async (prompt: RegExp) => {
    await page.locator('.quick-input-widget', { hasText: prompt }).waitFor();
    await input().press('Enter');
  };
  const closed = () => page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  const settings = () =>
    JSON.parse(
      readFileSync(path.join(person.folders.data, 'user/User/settings.json'), 'utf8'),
    ) as Record<string, unknown>;
  const profile = () => readProfile(settings()['enterpriseMcp.profile'], 'settings');
  const serverOf = (id: string) => {
    const server = acme.line.servers.find((one) => one.id === id);
    const there = acme.line.authorizationServers.find(
      ({ issuer }) => issuer === server?.authorizationServer,
    );
    assert.ok(server !== undefined && there !== undefined);
    return { ...server, clientId: there.clients[0]?.clientId ?? '' };
  };

  it('begins at the welcome in the sidebar', async () => {
    await person.workbench.openContainer('Enterprise MCP');
    await page.locator('.pane-body').getByText('Add Identity Provider').waitFor();
    await screenshot('welcome');
  });

  it('says of an identity provider that issues no grants that it does not, and what works', async () => {
    await person.workbench.runCommand('Enterprise MCP: Add Identity Provider');
    await page.locator('.quick-input-list', { hasText: 'Okta' }).waitFor();
    await screenshot('catalogue');
    await person.workbench.pick('Microsoft Entra ID');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'What works instead' });
    await dialog.waitFor();
    await screenshot('entra');
    await dialog.getByText('Cancel').click();
    await dialog.waitFor({ state: 'hidden' });
    await closed();
    assert.equal(settings()['enterpriseMcp.profile'], undefined, 'nothing was written');
  });

  it('adds an identity provider by its address, shown before it is written', async () => {
    const { issuer, clients } = acme.line.identityProvider;
    await page.locator('.pane-body').getByText('Add Identity Provider').click();
    await person.workbench.pick('Another Identity Provider');
    await answer(/Issuer of the identity provider/, 'http://login.acme.example');
    // What is wrong with it takes the place of the question.
    await answer(/must be an https URL/, issuer);
    await page.locator('.quick-input-list', { hasText: 'Issues grants for MCP servers' }).waitFor();
    await screenshot('identity-provider-found');
    assert.equal(settings()['enterpriseMcp.profile'], undefined, 'nothing is written yet');
    await person.workbench.pick('Continue');
    await answer(/Client id of this extension/, clients[0]?.clientId ?? '');
    await person.workbench.pick('A public client');
    await answer(/Name of your company/, 'Acme');
    await answer(/Name of this sign-in/, 'Acme sign-in');
    await page.locator('.notification-list-item', { hasText: 'is in your profile now' }).waitFor();
    const reading = profile();
    assert.deepEqual(reading.problems, []);
    assert.equal(reading.profile?.identityProviders[0]?.issuer, issuer);
  });

  it('adds a server by its address, with what it says of itself', async () => {
    const tickets = serverOf('tickets');
    await person.workbench.runCommand('Enterprise MCP: Add Server');
    await page.locator('.quick-input-list', { hasText: 'Figma' }).waitFor();
    await screenshot('server-catalogue');
    await person.workbench.pick('Another Server');
    await answer(/URL of the MCP server/, tickets.url);
    await person.workbench.pick(tickets.authorizationServer);
    await page.locator('.quick-input-list', { hasText: 'Offers company sign-in' }).waitFor();
    await screenshot('server-found');
    await person.workbench.pick('Continue');
    await answer(/Client id of this extension/, tickets.clientId);
    await person.workbench.pick('A public client');
    await page.locator('.quick-input-list', { hasText: 'notes:read' }).waitFor();
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'notes:read' }).click();
    await accept(/Add Server/);
    await answer(/Name of the server/, 'Tickets');
    await closed();
    await eventually('the server is in the profile', () =>
      profile().profile?.servers.some(({ id }) => id === 'tickets'),
    );
  });

  it('adds one that wants a key of this computer, and shows its public half only', async () => {
    const docs = serverOf('docs');
    await person.workbench.runCommand('Enterprise MCP: Add Server');
    await person.workbench.pick('Another Server');
    await answer(/URL of the MCP server/, docs.url);
    await person.workbench.pick(docs.authorizationServer);
    await person.workbench.pick('Continue');
    await answer(/Client id of this extension/, docs.clientId);
    await page.locator('.quick-input-list', { hasText: 'notes:read' }).waitFor();
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'notes:read' }).click();
    await accept(/Add Server/);
    await answer(/Name of the server/, 'Docs');
    const offered = page.locator('.notification-list-item', { hasText: 'Docs is in your profile' });
    await offered.getByText('Create Device Key').click();
    const editor = page.locator('.editor-instance', { hasText: 'kty' });
    await editor.waitFor();
    await screenshot('device-key');
    await page
      .locator('.notification-list-item', { hasText: 'Register this key' })
      .getByText('Copy Key', { exact: true })
      .click();
    const copied = await eventually('the key is on the clipboard', async () => {
      const text = await page.evaluate<string>('navigator.clipboard.readText()');
      return text.includes('"kty"') ? text : undefined;
    });
    const key = JSON.parse(copied) as Record<string, string>;
    assert.deepEqual(
      Object.keys(key).filter((name) => ['d', 'p', 'q', 'k'].includes(name)),
      [],
    );
    await acme.admin.registerKey('docs', docs.clientId, key);
  });

  it('connects both with one sign-in', async () => {
    const opened = person.context.waitForEvent('page');
    await person.workbench.runCommand('Enterprise MCP: Sign In');
    await signInAs(await opened, 'alice');
    await person.workbench.statusBarItem('2 servers connected').waitFor({ timeout: 15_000 });
    await screenshot('connected');
  });

  it('keeps nothing private in settings', () => {
    const text = readFileSync(path.join(person.folders.data, 'user/User/settings.json'), 'utf8');
    assert.doesNotMatch(text, /"d"|clientKey|clientSecret|refresh/);
  });
});
