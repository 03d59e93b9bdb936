// Other MCP clients beside two editor windows of one person: whichever window serves, one address and one key.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { NewClient } from '../../../src/core/harness/otherClients.ts';
import { openOtherClients, type OpenedClients } from '../../../src/gateway/otherClients.ts';
import { openWindowMeans } from '../../../src/node/windowMeans.ts';
import { systemClock as clock } from '../../../src/node/systemClock.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';
import { eventually } from '../../support/eventually.ts';
import { makeWindowFolders, silentLog, type WindowFolders } from '../../support/windowFolders.ts';

const { platform } = process;

interface Window {
  readonly employee: Employee;
  readonly opened: OpenedClients;
}

describe('other clients beside the windows of one person', function () {
  this.timeout(40_000);
  let acme: InProcessSandbox;
  let folders: WindowFolders;
  let windows: Window[];
  let reached: Client[];
  const who = { name: 'alice' };

  beforeEach(async () => {
    acme = await startCompany({});
    folders = await makeWindowFolders();
    windows = [];
    reached = [];
    who.name = 'alice';
  });
  afterEach(async () => {
    await Promise.all(reached.map((one) => one.close().catch(() => undefined)));
    for (const window of windows) await close(window);
    await folders.remove();
    await acme.stop();
  });

  /** With a password store of its own, as in code-server. */
  async function open(): Promise<Window> {
    const environment = { XDG_RUNTIME_DIR: folders.runtimeFolder };
    const { storageFolder } = folders;
    const log = silentLog;
    const means = { storageFolder, environment, platform, version: '0.0.0-test', log };
    const employee = await createEmployee({
      profile: { ...acme.line.profile, harnesses: { otherClients: true } },
      person: () => who.name,
      windows: await openWindowMeans(means),
    });
    const preferences = new Map<string, unknown>();
    const opened = openOtherClients(employee.connections, {
      preferences: {
        get: (key) => preferences.get(key),
        set: (key, value) => Promise.resolve(void preferences.set(key, value)),
      },
      ...{ fetch: (input, init) => fetch(input, init), clock, log, platform, environment },
    });
    const window = { employee, opened };
    windows.push(window);
    return window;
  }
  async function close(window: Window): Promise<void> {
    windows = windows.filter((one) => one !== window);
    await window.opened.dispose();
    await window.employee.dispose();
  }
  const two = async () => {
    const [first, second] = [await open(), await open()];
    await first.employee.signIn();
    for (const { employee } of [first, second]) {
      await employee.until(() => employee.state('tickets')?.kind === 'connected');
    }
    return [first, second] as const;
  };
  const request = ({ key, port }: NewClient, server = 'tickets') => ({
    url: new URL(`http://127.0.0.1:${port}/mcp/${server}`),
    requestInit: { headers: { Authorization: `Bearer ${key.reveal()}` } },
  });
  const connect = async (made: NewClient) => {
    const client = new Client({ name: 'codex', version: '1' });
    const { url, requestInit } = request(made);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    reached.push(client);
    return client;
  };
  const isReached = (made: NewClient) => {
    const { url, requestInit } = request(made);
    return fetch(url, { method: 'PUT', ...requestInit }).then(
      ({ status }) => status === 405,
      () => false,
    );
  };
  const clientsOf = ({ opened }: Window) => opened.clients;

  it('get their key in any window, and find the next window at the same place', async () => {
    const [first, second] = await two();
    const made = await clientsOf(second).create('Codex CLI');
    assert.deepEqual(
      [clientsOf(first), clientsOf(second)].map(({ isWanted }) => isWanted),
      [true, false],
      'one window serves',
    );
    assert.ok((await (await connect(made)).listTools()).tools.length > 0);
    await close(first);
    await eventually('the other window serves', () => isReached(made));
    assert.ok((await (await connect(made)).listTools()).tools.length > 0);
    assert.equal(clientsOf(second).list.length, 1);
  });

  it('are cut off in the window that serves by a word in another', async () => {
    const [, second] = await two();
    const made = await clientsOf(second).create('Codex CLI');
    const client = await connect(made);
    await clientsOf(second).revoke(made.entry.id);
    await eventually('it is refused', async () => !(await isReached(made)));
    await assert.rejects(client.listTools());
  });

  it('read that access was removed, and lose no more than that', async () => {
    const [first] = await two();
    const client = await connect(await clientsOf(first).create('Codex CLI'));
    await acme.admin.remove('alice', 'tickets');
    await first.employee.connections.checkNow();
    const answer = await client.callTool({ name: 'list_tickets', arguments: {} });
    assert.equal(answer.isError, true);
    assert.match(JSON.stringify(answer), /Acme/);
    assert.equal(clientsOf(first).list.length, 1);
  });

  it('are out when the person signs out: for the next person the old key is none', async () => {
    const [first, second] = await two();
    const made = await clientsOf(first).create('Codex CLI');
    await second.employee.connections.signOut('acme');
    await eventually('no key is left in any window', () =>
      windows.every(
        ({ opened, employee }) =>
          opened.clients.list.length === 0 && !employee.secrets.has('clientKeys'),
      ),
    );
    await acme.admin.grant('bob', 'tickets', ['tickets:read']);
    who.name = 'bob';
    await acme.admin.endSession('alice');
    await first.employee.signIn();
    await first.employee.until(() => first.employee.state('tickets')?.kind === 'connected');
    const other = await clientsOf(first).create('Claude Code');
    assert.equal(await isReached(other), true);
    assert.equal(await isReached(made), false);
  });

  it('are forgotten with everything else', async () => {
    const [first, second] = await two();
    await clientsOf(second).create('Codex CLI');
    await first.employee.connections.forgetEverything();
    await eventually('nothing is kept', () =>
      windows.every(({ opened }) => opened.clients.list.length === 0),
    );
    assert.equal(first.employee.secrets.has('clientKeys'), false);
  });
});
