// Several windows of Alice, each with the real core and a real socket between them, at the sandbox company.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Access } from '../../../src/core/access/accessRequest.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { createFileLock } from '../../../src/node/fileLock.ts';
import { createFileNotes } from '../../../src/node/fileNotes.ts';
import type { Setup } from '../../../src/sandbox/setup.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { eventually } from '../../support/eventually.ts';
import { makeWindowFolders, type WindowFolders } from '../../support/windowFolders.ts';
import { openPersonWindow, type PersonWindow } from '../../support/windowPerson.ts';
import { folderStore, mapStore } from '../../support/windowStores.ts';

interface World {
  sandbox: InProcessSandbox;
  folders: WindowFolders;
  windows: PersonWindow[];
  since: number;
}

describe('windows of one person', function () {
  this.timeout(30_000);
  const world = {} as World;

  const begin = async (setup: Setup = {}) => {
    world.sandbox = await startCompany(setup);
    world.folders = await makeWindowFolders();
    world.windows = [];
    await mkdir(world.folders.storageFolder);
    await mkdir(join(world.folders.runtimeFolder, 'secrets'));
    world.since = (await world.sandbox.admin.state()).ledger.last;
  };
  afterEach(async () => {
    for (const window of world.windows) window.dispose();
    await world.folders.remove();
    await world.sandbox.stop();
  });

  /** `storageFolder`: of another wire version, which never meets this one. */
  const open = async (
    options: { secrets?: 'shared' | 'own'; storageFolder?: string } = {},
  ): Promise<PersonWindow> => {
    const { storageFolder, runtimeFolder } = world.folders;
    const link = await world.folders.open(
      options.storageFolder === undefined ? {} : { storageFolder: options.storageFolder },
    );
    const window = await openPersonWindow({
      profile: world.sandbox.line.profile,
      person: 'alice',
      link,
      lock: createFileLock(storageFolder),
      notes: createFileNotes(storageFolder),
      store: options.secrets === 'own' ? mapStore() : folderStore(join(runtimeFolder, 'secrets')),
      graceMs: 0,
    });
    world.windows.push(window);
    return window;
  };
  const several = async (count: number, options: Parameters<typeof open>[0] = {}) => {
    const windows: PersonWindow[] = [];
    for (let index = 0; index < count; index++) windows.push(await open(options));
    return windows;
  };
  const kind = ({ session }: PersonWindow) => session.person().session.kind;
  const all = (
    wanted: string,
    windows: readonly PersonWindow[] = world.windows,
    withinMs = 1_000,
  ) =>
    eventually(`all ${wanted}`, () => windows.every((one) => kind(one) === wanted), {
      withinMs,
      everyMs: 5,
    });
  const legs = async (...wanted: string[]) =>
    (await world.sandbox.admin.ledger(world.since)).filter(({ leg }) => wanted.includes(leg));
  const listTools = async (access: Access, serverId: string) => {
    const server = world.sandbox.line.profile as { servers: { id: string; url: string }[] };
    const { url } = server.servers.find(({ id }) => id === serverId)!;
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 't', version: '1' },
      },
    });
    const headers = await access.token.authorize({
      method: 'POST',
      url,
      body: new TextEncoder().encode(body),
    });
    const accept = 'application/json, text/event-stream';
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, accept, 'content-type': 'application/json' },
      body,
    });
    await response.body?.cancel();
    return response.status;
  };

  for (const secrets of ['shared', 'own'] as const) {
    describe(`with ${secrets} SecretStorage`, () => {
      beforeEach(() => begin());

      it('are signed in where one of them signs in, and one exchange is enough for all', async () => {
        const windows = await several(4, { secrets });
        assert.equal(windows[0]!.link.role, 'leader');
        await windows[2]!.signIn();
        await all('signedIn');
        const given = await Promise.all(
          windows.map((window) => window.mint('tickets', { maxAgeMs: 900_000 })),
        );
        assert.equal((await legs('exchange')).length, 1);
        assert.deepEqual(
          windows.map((window) => window.minted()),
          [1, 0, 0, 0],
        );
        for (const access of given) {
          assert.ok(access.token.secret.equals(given[0]!.token.secret));
          assert.deepEqual(access.scopes, given[0]!.scopes);
          assert.equal(await listTools(access, 'tickets'), 200);
        }
        const again = await Promise.all(
          given.map(({ token }, index) =>
            windows[index]!.mint('tickets', { maxAgeMs: 900_000, insteadOf: token.secret }),
          ),
        );
        assert.equal((await legs('exchange')).length, 2, 'one exchange for one refused access');
        assert.ok(!again[3]!.token.secret.equals(given[3]!.token.secret));
      });

      it('are all signed out within a second where one of them signs out', async () => {
        const windows = await several(3, { secrets });
        await windows[1]!.signIn();
        await all('signedIn');
        await windows[2]!.session.signOut();
        await all('signedOut');
        const later = await open({ secrets });
        assert.equal(kind(later), 'signedOut');
      });

      it('show the end of the sign-in in all, whichever heard it', async () => {
        const windows = await several(3, { secrets });
        await windows[1]!.signIn();
        await all('signedIn');
        await world.sandbox.admin.endSession('alice');
        const error = await windows[2]!.mint('tickets').catch((failure: unknown) => failure);
        assert.ok(
          ConnectError.is(error, 'identityProvider.signInAgain', 'identityProvider.sessionEnded'),
        );
        await all('ended');
      });

      it('go on without a new sign-in where the leading window closes', async () => {
        const windows = await several(3, { secrets });
        await windows[0]!.signIn();
        await all('signedIn');
        await windows[1]!.mint('tickets');
        windows[0]!.dispose();
        const startMs = performance.now();
        const access = await windows[2]!.mint('tickets');
        assert.ok(performance.now() - startMs < 5_000);
        assert.equal(await listTools(access, 'tickets'), 200);
        assert.equal(
          (await legs('signIn')).filter(({ endpoint }) => endpoint === '/token').length,
          1,
        );
      });

      it('follow another person who signs in', async () => {
        const windows = await several(2, { secrets });
        await windows[0]!.signIn();
        await all('signedIn');
        const first = windows[1]!.session.person().session;
        await windows[1]!.session.signOut();
        await all('signedOut');
        await windows[1]!.signIn();
        await all('signedIn');
        const second = windows[0]!.session.person().session;
        assert.ok(first.kind === 'signedIn' && second.kind === 'signedIn');
        assert.ok(second.sinceMs > first.sinceMs);
      });
    });
  }

  it('of two wire versions side by side share a sign-in and never use a refresh token at once', async () => {
    await begin({ identityProvider: { idTokenSeconds: 60 } });
    const other = join(world.folders.runtimeFolder, 'other-version');
    const windows = [...(await several(2)), ...(await several(2, { storageFolder: other }))];
    await windows[0]!.signIn();
    await all('signedIn', windows.slice(0, 2));
    // The other version hears of it from SecretStorage, or when it looks again.
    await Promise.all(windows.slice(2).map(({ session }) => session.restore()));
    await all('signedIn');
    assert.deepEqual(
      windows.map(({ link }) => link.role),
      ['leader', 'follower', 'leader', 'follower'],
    );
    for (let round = 0; round < 10; round++) {
      await Promise.all(windows.map((window) => window.mint('tickets')));
    }
    assert.ok((await legs('refresh')).length >= 10);
    assert.deepEqual(
      (await legs('refresh', 'exchange')).filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    await windows[3]!.session.signOut();
    await all('signedOut', windows.slice(2));
    await assert.rejects(windows[0]!.mint('tickets'), (error: unknown) =>
      ConnectError.is(error, 'user.signedOut'),
    );
    await all('signedOut');
  });

  it('have access that is bound to the key of the computer, in each of them', async () => {
    await begin({
      identityProvider: { dpop: 'supported' },
      authorizationServers: [{ id: 'guard', label: 'Guard', dpop: 'required' }],
      servers: [
        {
          ...{ id: 'vault', label: 'Vault', authorizationServer: 'guard', scopes: ['vault:use'] },
          people: ['alice'],
          dpop: 'required',
        },
      ],
    });
    const windows = await several(2, { secrets: 'own' });
    await windows[0]!.signIn();
    await all('signedIn');
    const given = await Promise.all(
      windows.map((window) => window.mint('vault', { maxAgeMs: 900_000 })),
    );
    assert.equal((await legs('exchange')).length, 1);
    for (const access of given) {
      assert.equal(access.token.scheme, 'DPoP');
      assert.equal(await listTools(access, 'vault'), 200);
    }
  });

  it('mint by themselves, one at a time, where no link can be had', async () => {
    await begin({ identityProvider: { idTokenSeconds: 60 } });
    const storageFolder = join(world.folders.runtimeFolder, 'secrets', 'nowhere');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(storageFolder, '');
    const windows = await several(3, { storageFolder });
    assert.deepEqual(
      windows.map(({ link }) => link.role),
      ['alone', 'alone', 'alone'],
    );
    await windows[0]!.signIn();
    await Promise.all(windows.slice(1).map(({ session }) => session.restore()));
    await all('signedIn');
    for (let round = 0; round < 5; round++) {
      await Promise.all(windows.map((window) => window.mint('tickets')));
    }
    assert.equal((await legs('refresh')).length >= 14, true);
    assert.deepEqual(
      (await legs('refresh', 'exchange')).filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
  });
});
