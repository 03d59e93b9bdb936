// Races and clocks in the parts of the windows, each of which has gone wrong once.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearerToken } from '../../../src/core/access/accessToken.ts';
import { Emitter } from '../../../src/core/event.ts';
import type { ListedSecretStore } from '../../../src/core/ports.ts';
import { Secret } from '../../../src/core/secret.ts';
import { CompanySession } from '../../../src/core/signIn/companySession.ts';
import { createSessionStore } from '../../../src/core/signIn/storedSession.ts';
import { accessFrom, accessMessage } from '../../../src/core/windows/accessMessage.ts';
import type { WindowLink } from '../../../src/core/windows/link.ts';
import { ReplicatedSecrets } from '../../../src/core/windows/replicatedSecrets.ts';
import { aloneWindow } from '../../../src/core/windows/windowMeans.ts';
import { createFileLock, nameOf } from '../../../src/node/fileLock.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { silentLog as log } from '../../support/windowFolders.ts';
import { mapStore } from '../../support/windowStores.ts';

const key = 'companySession acme';
const entry = (more: object) => JSON.stringify({ refreshToken: 'rt', ...more });
const link = (): WindowLink => aloneWindow().link;

describe('races between windows', () => {
  it('a look at a slow store does not bring back what was deleted meanwhile', async () => {
    const slow: ((value: string) => void)[] = [];
    const store: ListedSecretStore = {
      ...mapStore(),
      get: () => new Promise((resolve) => void slow.push(resolve)),
    };
    const secrets = new ReplicatedSecrets({
      store,
      link: link(),
      clock: { now: () => 50 },
      log,
      told: () => [],
      onTold: () => undefined,
    });
    const looked = secrets.get(key);
    await new Promise((resolve) => setImmediate(resolve));
    secrets.told({ kind: 'secret', key, revision: 9 });
    await new Promise((resolve) => setImmediate(resolve));
    for (const go of slow) go(entry({ revision: 5 }));
    assert.equal(await looked, undefined);
  });

  it('access that crossed while the computer slept has aged', async () => {
    const clock = new FakeClock();
    const target = {
      resource: 'https://a.example/mcp',
      authorizationServer: { issuer: 'https://as.example' },
      identityProvider: { issuer: 'https://idp.example' },
      binding: undefined,
    };
    const message = accessMessage(
      {
        token: bearerToken(new Secret('s')),
        scopes: [],
        receivedAt: { monotonicMs: clock.monotonic(), wallMs: clock.now() },
        ...{ lifeMs: 1_800_000, serverLifeMs: 1_800_000, target },
        authorizationServer: target.authorizationServer,
      },
      clock,
    );
    clock.sleep(8 * 3_600_000);
    const access = await accessFrom(message, { clock, bind: () => Promise.reject(new Error()) });
    assert.ok(clock.now() - access.receivedAt.wallMs > access.lifeMs);
  });

  it('a lock that another computer of the same home folder holds and touches is respected', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lock-'));
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${nameOf('x')}.lock`);
    await writeFile(path, JSON.stringify({ pid: 3_999_999, own: 'other', host: 'elsewhere' }));
    const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => 0), 50);
    try {
      const entered = createFileLock(folder)('x', () => Promise.resolve('in'));
      const first = await Promise.race([
        entered,
        new Promise((resolve) => setTimeout(resolve, 500, 'waiting')),
      ]);
      assert.equal(first, 'waiting');
    } finally {
      clearInterval(beat);
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('a session that ended while another window was followed stays ended', async () => {
    const map = new Map<string, string>();
    const slow: { go?: () => void; isOn: boolean } = { isOn: false };
    const inner = mapStore(map);
    const changes = new Emitter<string>(() => undefined);
    const store = createSessionStore({ id: 'acme', issuer: 'https://idp.example', clientId: 'c' }, {
      ...inner,
      get: async (name: string) => {
        const value = map.get(name);
        if (slow.isOn) {
          slow.isOn = false;
          await new Promise<void>((resolve) => (slow.go = resolve));
        }
        return value;
      },
      onDidChange: changes.event,
    } as never);
    await store.write({
      account: { id: 'alice', label: 'alice' },
      membership: {},
      sinceMs: 1,
      refreshToken: new Secret('rt'),
      idToken: undefined,
    });
    const session = new CompanySession({
      ...{
        id: 'acme',
        label: 'Acme',
        signIn: 'browser',
        accounts: { emailDomains: [], hostedDomains: [], tenants: [] },
        subjectToken: 'auto',
      },
      ...{ client: () => Promise.reject(new Error()), store, clock: new FakeClock(), log },
    } as never);
    await session.restore();
    assert.equal(session.person().session.kind, 'signedIn');
    slow.isOn = true;
    const followed = session.follow();
    await new Promise((resolve) => setImmediate(resolve));
    const ended = session.revoked('otherWindow');
    slow.go?.();
    await Promise.all([followed, ended]);
    assert.equal(session.person().session.kind, 'ended');
  });
});
