// What a reviewer tried on the keys of other clients: ends that do not hold, and keys of somebody else.
import assert from 'node:assert/strict';
import { ClientKeys, maxNameLength } from '../../../src/core/harness/clientKeys.ts';
import type { OtherClients } from '../../../src/core/harness/otherClients.ts';
import { nameProblem } from '../../../src/core/present/clientRows.ts';
import { cleanText } from '../../../src/core/present/plainText.ts';
import { connected, connection, person } from '../../support/acmeOverview.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeClock, settle } from '../../support/fakeClock.ts';
import { FakeWindow, quiet, Shared } from './clientsRig.ts';

const port = { port: 29_432, isTaken: false };
const out = person({ kind: 'signedOut' });
const bob = person({
  kind: 'signedIn',
  account: { id: 'sub-bob', label: 'bob@acme.example' },
  sinceMs: 1,
});

async function withClient() {
  const shared = new Shared();
  const clock = new FakeClock();
  const window = new FakeWindow(shared, { clock });
  const clients = window.open();
  await settle();
  const making = clients.create('Codex CLI');
  await eventually('there is a key', () => clients.list.length > 0);
  clients.serves(port);
  const made = await making;
  await eventually('its port is kept', () => clients.port !== undefined);
  await settled();
  return { shared, clock, window, clients, made };
}

const settled = async () => {
  for (let turn = 0; turn < 6; turn++) await settle();
};
const kept = (shared: Shared) => shared.secrets.get('clientKeys') ?? '';

describe('review: keys of other clients that must end', () => {
  it('a key taken back while the keyring is locked opens nothing, and goes once it is open', async () => {
    const { clients, made, shared, clock } = await withClient();
    shared.isLocked = true;
    await assert.rejects(clients.revoke(made.entry.id), { code: 'storage.unavailable' });
    assert.deepEqual([clients.hashes.size, clients.isWanted], [0, false]);
    await settled();
    shared.isLocked = false;
    await clock.advance(20_000);
    await settled();
    assert.deepEqual([clients.list.length, kept(shared)], [0, '']);
  });

  it('a sign-out while the keyring is locked holds for the next sign-in of the same person', async () => {
    const { clients, shared, window, clock } = await withClient();
    shared.isLocked = true;
    window.becomes({ people: [out], connections: [] });
    await clock.advance(2_000);
    await settled();
    window.becomes({ people: [person()], connections: [connection(connected)] });
    assert.deepEqual([clients.hashes.size, clients.isWanted], [0, false]);
    shared.isLocked = false;
    await clock.advance(20_000);
    await settled();
    assert.deepEqual([clients.list.length, kept(shared)], [0, '']);
  });

  it('a sign-out holds though the person signs in again before it was looked at', async () => {
    const { clients, shared, window, clock } = await withClient();
    window.becomes({ people: [out], connections: [] });
    window.becomes({ people: [person({ kind: 'signingIn' })] });
    await clock.advance(2_000);
    window.becomes({ people: [person()], connections: [connection(connected)] });
    await settled();
    assert.deepEqual([clients.hashes.size, kept(shared)], [0, '']);
  });

  it('a sign-out holds though the window closes before it was looked at', async () => {
    const { clients, shared, window } = await withClient();
    window.becomes({ people: [out], connections: [] });
    clients.dispose();
    await settled();
    assert.equal(kept(shared), '');
  });

  it('a sign-out holds for keys that could not be read until then', async () => {
    const { shared } = await withClient();
    shared.isLocked = true;
    const clock = new FakeClock();
    const window = new FakeWindow(shared, { clock });
    const clients = window.open();
    await settled();
    assert.equal(clients.list.length, 0);
    window.becomes({ people: [out], connections: [] });
    shared.isLocked = false;
    await clock.advance(20_000);
    await settled();
    window.becomes({ people: [person()], connections: [connection(connected)] });
    await settled();
    assert.deepEqual([clients.hashes.size, kept(shared)], [0, '']);
  });

  it('keys that could not be read are looked for again', async () => {
    const { shared } = await withClient();
    shared.isLocked = true;
    const clock = new FakeClock();
    const clients = new FakeWindow(shared, { clock }).open();
    await settled();
    shared.isLocked = false;
    await clock.advance(60_000);
    await settled();
    assert.equal(clients.isWanted, true);
  });

  it('and no longer once the window is closed', async () => {
    const { shared } = await withClient();
    shared.isLocked = true;
    const clock = new FakeClock();
    const clients = new FakeWindow(shared, { clock }).open();
    clients.dispose();
    await settled();
    assert.deepEqual(clock.pending, []);
  });

  it('a late write of another window does not bring one back', async () => {
    const { clients, made, shared } = await withClient();
    const before = kept(shared);
    await clients.revoke(made.entry.id);
    await settled();
    assert.equal(kept(shared), '');
    // Read before, written after.
    shared.secrets.set('clientKeys', before);
    shared.changed.fire('clientKeys');
    await settled();
    assert.deepEqual([clients.hashes.size, kept(shared)], [0, '']);
  });

  it('a late write of another window brings none back after a sign-out', async () => {
    const { clients, shared, window, clock } = await withClient();
    const before = kept(shared);
    window.becomes({ people: [out], connections: [] });
    await clock.advance(2_000);
    await settled();
    window.becomes({ people: [person()], connections: [connection(connected)] });
    shared.secrets.set('clientKeys', before);
    shared.changed.fire('clientKeys');
    await settled();
    assert.deepEqual([clients.hashes.size, kept(shared)], [0, '']);
  });
});

describe('review: keys of somebody else', () => {
  it('a key is its person’s from the moment it is kept', async () => {
    const { shared, window, clients } = await openWindow();
    const texts: string[] = [];
    shared.changed.event((key) => texts.push(shared.secrets.get(key) ?? ''));
    const making = clients.create('Codex CLI');
    await eventually('there is a key', () => clients.list.length > 0);
    assert.match(texts[0] ?? '', /sub-alice/);
    // As after a crash: only the first text was written, and somebody else signs in next.
    clients.serves(port);
    await making;
    await settled();
    const next = await openWindow({ shared: sharedOf(texts[0] ?? ''), person: bob });
    assert.deepEqual([next.clients.hashes.size, next.clients.isWanted], [0, false]);
    assert.equal(window.deps.connections.overview().people.length, 1);
  });

  it('a key for the servers of one company opens none of the next', async () => {
    const { clients, shared, window } = await withClient();
    const elsewhere = { ...person(), identityProvider: 'globex' };
    // Nobody knows yet whose turn it is.
    window.becomes({ people: [], connections: [] });
    await settled();
    assert.notEqual(kept(shared), '');
    window.becomes({
      people: [elsewhere],
      connections: [connection(connected, { identityProvider: 'globex' })],
    });
    assert.deepEqual([clients.hashes.size, clients.isWanted], [0, false]);
    await settled();
    assert.equal(kept(shared), '');
  });

  it('a key made while those of another person could not be deleted is the only one there is', async () => {
    const { keys, secrets, world } = keysRig();
    const old = await keys.create('Codex CLI', { acme: 'sub-alice' });
    world.isLocked = true;
    await assert.rejects(keys.revokeAll(), { code: 'storage.unavailable' });
    assert.equal(keys.hashes.size, 0);
    world.isLocked = false;
    const { entry } = await keys.create('Claude Code', { acme: 'sub-bob' });
    assert.deepEqual([...keys.hashes.keys()], [entry.id]);
    assert.deepEqual(keys.accounts, { acme: 'sub-bob' });
    assert.ok(!secrets.get('clientKeys')!.includes(old.entry.id));
  });

  it('one that is made while all are taken back is taken back', async () => {
    const { keys, secrets } = keysRig();
    const making = keys.create('Codex CLI', { acme: 'sub-alice' });
    await Promise.all([making, new Promise(setImmediate).then(() => keys.revokeAll())]);
    assert.deepEqual([keys.hashes.size, secrets.size], [0, 0]);
  });
});

describe('review: a port that somebody else has', () => {
  it('is known in every window, and none of them gives a key for it', async () => {
    const { shared, clients } = await withClient();
    clients.serves({ port: 29_432, isTaken: true });
    const follower = new FakeWindow(shared, { isFirst: false });
    const other = follower.open();
    await settled();
    assert.equal(other.taken, 29_432);
    await assert.rejects(other.create('Claude Code'), { code: 'gateway.notListening' });
    assert.equal(other.list.length, 1);
    // The next that serves looks for itself.
    follower.leads();
    assert.equal(other.taken, undefined);
    other.serves(port);
    await settled();
    const third = new FakeWindow(shared, { isFirst: false }).open();
    await settled();
    assert.equal(third.taken, undefined);
    assert.equal((await third.create('Claude Code')).port, 29_432);
  });
});

describe('review: names', () => {
  it('two long ones that look the same are the same', () => {
    const kept = { id: 'a', createdAtMs: 1, name: cleanText('x'.repeat(70), maxNameLength) };
    assert.equal(nameProblem(`${'x'.repeat(70)}y`, [kept]), 'Another client has this name.');
  });
});

function keysRig() {
  const secrets = new Map<string, string>();
  const world = { isLocked: false };
  const open = <T>(value: T): Promise<T> =>
    world.isLocked ? Promise.reject(new DOMException('locked')) : Promise.resolve(value);
  const keys = new ClientKeys({
    store: {
      get: (key) => open(secrets.get(key)),
      store: (key, value) => open(undefined).then(() => void secrets.set(key, value)),
      delete: (key) => open(undefined).then(() => void secrets.delete(key)),
    },
    preferences: { get: () => undefined, set: () => Promise.resolve() },
    clock: new FakeClock(),
    log: quiet,
  });
  return { keys, secrets, world };
}

function sharedOf(text: string): Shared {
  const shared = new Shared();
  shared.secrets.set('clientKeys', text);
  return shared;
}

async function openWindow({
  shared = new Shared(),
  person: who = person(),
}: { shared?: Shared; person?: ReturnType<typeof person> } = {}): Promise<{
  shared: Shared;
  window: FakeWindow;
  clients: OtherClients;
}> {
  const window = new FakeWindow(shared);
  window.becomes({ people: [who] });
  const clients = window.open();
  await settled();
  return { shared, window, clients };
}
