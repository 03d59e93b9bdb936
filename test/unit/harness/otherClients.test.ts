// Who may come, which window serves, and when keys end: without a gateway.
import assert from 'node:assert/strict';
import type { OtherClients } from '../../../src/core/harness/otherClients.ts';
import { connected, connection, person, signedIn } from '../../support/acmeOverview.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeClock, settle } from '../../support/fakeClock.ts';
import { allowing, FakeWindow, Shared } from './clientsRig.ts';

async function rig(options: { isFirst?: boolean } = {}) {
  const shared = new Shared();
  const clock = new FakeClock();
  const window = new FakeWindow(shared, { ...options, clock });
  const clients = window.open();
  await settle();
  return { shared, clock, window, clients };
}

/** A client, in a window that serves at once. */
async function withClient(options: { isFirst?: boolean } = {}) {
  const all = await rig(options);
  const making = all.clients.create('Codex CLI');
  await eventually('there is a key', () => hasKeys(all.clients));
  all.clients.serves({ port: 29_432, isTaken: false });
  const made = await making;
  await eventually('it is kept', () => all.shared.secrets.get('clientKeys')?.includes('acme'));
  await settle();
  return { ...all, made };
}

const hasKeys = (clients: OtherClients) => clients.list.length > 0;

describe('other clients', () => {
  it('get a key and a port once a window listens for them', async () => {
    const { clients, made, shared } = await withClient();
    assert.deepEqual([made.port, clients.port, clients.isWanted], [29_432, 29_432, true]);
    assert.deepEqual([...clients.hashes.keys()], [made.entry.id]);
    const kept = JSON.parse(shared.secrets.get('clientKeys')!) as Record<string, unknown>;
    assert.deepEqual(kept['accounts'], { acme: 'sub-alice' });
    assert.ok(!JSON.stringify(kept).includes(made.key.reveal()));
  });

  it('get none where nothing listens in time, or where another program has the port', async () => {
    const { clients, clock, shared } = await rig();
    const late = clients.create('Codex CLI');
    const refusal = assert.rejects(late, { code: 'gateway.notListening' });
    await eventually('there is a key, and nobody listens', () => clock.pending.length > 0);
    assert.equal(hasKeys(clients), true);
    await clock.advance(10_000);
    await refusal;
    assert.deepEqual([hasKeys(clients), shared.secrets.size], [false, 0]);
    const taken = clients.create('Codex CLI');
    const second = assert.rejects(taken, { code: 'gateway.notListening' });
    await eventually('there is a key', () => hasKeys(clients));
    clients.serves({ isTaken: true });
    await second;
    assert.equal(hasKeys(clients), false);
  });

  it('are not there where the organization does not allow them, or no longer', async () => {
    const { clients, window, shared } = await withClient();
    window.becomes({ harnesses: { ...allowing, otherClients: false } });
    assert.deepEqual([clients.isAllowed, clients.hashes.size, clients.isWanted], [false, 0, false]);
    await settle();
    await settle();
    assert.equal(shared.secrets.size, 0);
    window.becomes({ harnesses: allowing });
    assert.deepEqual([hasKeys(clients), clients.hashes.size], [false, 0]);
  });

  it('end at once when another account signs in, even while the keyring is locked', async () => {
    const { clients, window, shared } = await withClient();
    shared.isLocked = true;
    const bob = { ...signedIn, account: { id: 'sub-bob', label: 'bob@acme.example' } };
    window.becomes({ people: [person(bob)] });
    assert.deepEqual([clients.hashes.size, clients.isWanted], [0, false]);
    await settle();
    shared.isLocked = false;
    window.becomes({ connections: [connection(connected, { openStreams: 1 })] });
    await settle();
    await settle();
    assert.deepEqual([hasKeys(clients), shared.secrets.size], [false, 0]);
  });

  it('end when the person signs out, and not when a sign-in is looked up anew', async () => {
    const { clients, window, clock } = await withClient();
    window.becomes({ people: [person({ kind: 'signedOut' })] });
    window.becomes({ people: [person({ kind: 'restoring' })] });
    await clock.advance(2_000);
    window.becomes({ people: [person(signedIn)] });
    await clock.advance(2_000);
    assert.equal(hasKeys(clients), true);
    window.becomes({ people: [person({ kind: 'signedOut' })], connections: [] });
    await clock.advance(2_000);
    await settle();
    assert.equal(hasKeys(clients), false);
  });

  it('keep their keys when the company ends the sign-in, and reach nothing', async () => {
    const { clients, window, clock } = await withClient();
    const { account } = signedIn as typeof signedIn & { kind: 'signedIn' };
    const ended = { kind: 'ended', account, atMs: 1, detector: 'session' } as const;
    window.becomes({
      people: [person(ended)],
      connections: [connection({ kind: 'sessionEnded', atMs: 1 })],
    });
    await clock.advance(2_000);
    assert.deepEqual([hasKeys(clients), clients.isWanted], [true, false]);
  });

  it('are served by the window that leads; another takes over with the same keys and port', async () => {
    const { shared, made } = await withClient();
    const second = new FakeWindow(shared, { isFirst: false });
    const clients = second.open();
    await settle();
    await settle();
    assert.deepEqual([clients.list.length, clients.port, clients.isWanted], [1, 29_432, false]);
    second.leads();
    assert.equal(clients.isWanted, true);
    await clients.revoke(made.entry.id);
    assert.equal(shared.secrets.size, 0);
  });

  it('are known in every window at once', async () => {
    const { shared, clients, made } = await withClient();
    const other = new FakeWindow(shared, { isFirst: false }).open();
    await settle();
    await settle();
    const second = await other.create('Claude Code');
    assert.equal(second.port, 29_432, 'as the one that serves has it');
    await settle();
    await settle();
    assert.equal(clients.hashes.size, 2);
    await other.revoke(made.entry.id);
    await settle();
    assert.deepEqual(
      clients.list.map(({ name }) => name),
      ['Claude Code'],
    );
  });

  it('are given a port again when the last of them was taken back', async () => {
    const { clients, made } = await withClient();
    clients.serves({ port: 29_432, isTaken: true });
    assert.equal(clients.taken, 29_432);
    await clients.revoke(made.entry.id);
    assert.equal(clients.port, undefined);
    clients.serves(undefined);
    const making = clients.create('Codex CLI');
    await eventually('there is a key', () => hasKeys(clients));
    clients.serves({ port: 29_431, isTaken: false });
    assert.equal((await making).port, 29_431);
  });
});
