import assert from 'node:assert/strict';
import { createOffer } from '../../src/core/offer.ts';
import { FakeClock } from '../support/fakeClock.ts';

const tickets = { id: 'tickets', label: 'Tickets', url: 'https://tickets.example/mcp' };
const docs = { id: 'docs', label: 'Docs', url: 'https://docs.example/mcp' };

describe('what an editor is offered', () => {
  const world = {} as { clock: FakeClock; changes: number; offer: ReturnType<typeof createOffer> };
  const names = () => world.offer.servers().map(({ id, openings }) => `${id} ${openings}`);

  beforeEach(() => {
    world.clock = new FakeClock();
    world.changes = 0;
    world.offer = createOffer(world.clock, () => {
      world.changes++;
    });
  });

  it('is every open connection, told once', () => {
    assert.deepEqual(world.offer.update([tickets, docs]), ['tickets', 'docs']);
    assert.deepEqual(world.offer.update([tickets, docs]), []);
    assert.deepEqual([names(), world.changes], [['tickets 1', 'docs 1'], 1]);
  });

  it('stays over a short interruption', async () => {
    world.offer.update([tickets, docs]);
    world.offer.update([docs]);
    await world.clock.advance(500);
    world.offer.update([docs]);
    assert.deepEqual(world.offer.update([tickets, docs]), []);
    await world.clock.advance(5_000);
    assert.deepEqual([names(), world.changes], [['tickets 1', 'docs 1'], 1]);
  });

  it('is withdrawn when a connection stays closed, the others undisturbed', async () => {
    world.offer.update([tickets, docs]);
    world.offer.update([docs]);
    await world.clock.advance(1_000);
    assert.deepEqual([names(), world.changes], [['docs 1'], 2]);
  });

  it('is withdrawn at once when a connection was ended, also while it was only closed', async () => {
    world.offer.update([tickets, docs]);
    world.offer.update([docs]);
    assert.deepEqual(names(), ['tickets 1', 'docs 1']);
    world.offer.update([docs], new Set(['tickets', 'docs']));
    assert.deepEqual([names(), world.changes], [['docs 1'], 2]);
    await world.clock.advance(5_000);
    assert.deepEqual([names(), world.changes], [['docs 1'], 2]);
    assert.deepEqual(world.offer.update([tickets, docs]), ['tickets']);
  });

  it('comes back as it was where it was ended for less than an editor notices', async () => {
    world.offer.update([tickets]);
    world.offer.update([], new Set(['tickets']));
    await world.clock.advance(500);
    assert.deepEqual(world.offer.update([tickets]), ['tickets']);
    assert.deepEqual(names(), ['tickets 1']);
    world.offer.update([], new Set(['tickets']));
    await world.clock.advance(1_000);
    world.offer.update([tickets]);
    assert.deepEqual(names(), ['tickets 2']);
  });

  it('comes back under another count', async () => {
    world.offer.update([tickets]);
    world.offer.update([]);
    await world.clock.advance(1_000);
    assert.deepEqual(world.offer.update([tickets]), ['tickets']);
    assert.deepEqual([names(), world.changes], [['tickets 2'], 3]);
  });

  it('changes with the address of a server', () => {
    world.offer.update([tickets]);
    assert.deepEqual(world.offer.update([{ ...tickets, url: 'https://other.example' }]), [
      'tickets',
    ]);
    assert.deepEqual(names(), ['tickets 2']);
  });

  it('leaves nothing scheduled once disposed', () => {
    world.offer.update([tickets]);
    world.offer.update([]);
    world.offer.dispose();
    assert.deepEqual(world.clock.pending, []);
  });
});
