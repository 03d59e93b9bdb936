// When is looked for shadows without anybody asking, and that the row follows.
import assert from 'node:assert/strict';
import { Emitter } from '../../../src/core/event.ts';
import type { Overview } from '../../../src/core/overview.ts';
import type { Row } from '../../../src/core/present/row.ts';
import { readClientFile } from '../../../src/core/shadow/clientFileReading.ts';
import type { FileEntry } from '../../../src/core/shadow/shadows.ts';
import { createShadowWatch } from '../../../src/core/shadow/shadowWatch.ts';
import { registerShadowLookout } from '../../../src/vscode/shadowLookout.ts';
import { connected, connection, overview, person } from '../../support/acmeOverview.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const tickets = connection(connected);
const docs = connection(connected, {
  id: 'docs',
  label: 'Docs',
  url: 'https://docs.example/mcp',
});

function entryOf(url: string): FileEntry {
  const text = JSON.stringify({ mcpServers: { one: { url } } });
  const [server] = readClientFile(text, { format: 'json', servers: [['mcpServers']] }).servers;
  const about = { client: 'Cursor', file: '/home/me/.cursor/mcp.json', format: 'json' } as const;
  return { ...server!, ...about, managed: false, digest: '' };
}

function rig() {
  const fail = (error: unknown) => assert.fail(String(error));
  const changes = new Emitter<void>(fail);
  const focus = new Emitter<void>(fail);
  const clock = new FakeClock();
  const errors: string[] = [];
  const world = {
    overview: overview({ people: [person({ kind: 'signedOut' })] }),
    entries: [entryOf(tickets.url)],
    reads: 0,
    rows: (): readonly Row[] => [],
    fails: false,
  };
  const log = { error: (message: string) => errors.push(message) };
  const watch = createShadowWatch({
    ...{ clock, log },
    servers: () => world.overview.connections,
    read: () => {
      world.reads += 1;
      return world.fails
        ? Promise.reject(new Error('no'))
        : Promise.resolve({ entries: world.entries, unreadable: [] });
    },
  });
  const loaded = { times: 0 };
  const lookout = registerShadowLookout({
    ...{ clock, log, onDidFocus: focus.event },
    actions: { overview: () => world.overview, onDidChange: changes.event },
    tree: {
      showBelow: (rows) => {
        world.rows = rows;
      },
    },
    support: () => {
      loaded.times += 1;
      const remove = () => Promise.resolve('notPossible' as const);
      return Promise.resolve({ shadow: { watch, remove, home: '/home/me' } });
    },
  });
  const become = (next: Overview) => {
    world.overview = next;
    changes.fire();
  };
  return { world, clock, focus, watch, lookout, loaded, errors, become };
}

describe('the lookout for shadows', () => {
  const connectedTo = (...connections: (typeof tickets)[]) => overview({ connections });

  it('loads and reads nothing before something is connected, nor in front of it', async () => {
    const { world, clock, focus, loaded, become } = rig();
    become(
      overview({ connections: [connection({ kind: 'connecting', attempt: 1, step: 'probe' })] }),
    );
    focus.fire();
    await clock.advance(10_000);
    assert.deepEqual([loaded.times, world.reads], [0, 0]);
    become(connectedTo(tickets));
    await clock.advance(1_000);
    assert.deepEqual([loaded.times, world.reads], [0, 0]);
    await clock.advance(1_500);
    assert.equal(world.reads, 1);
    assert.deepEqual(
      world.rows().map(({ label }) => label),
      ['1 server also set up without Acme'],
    );
  });

  it('looks again for other servers, and not for every change', async () => {
    const { world, clock, become } = rig();
    for (let times = 0; times < 3; times++) become(connectedTo(tickets));
    await clock.advance(5_000);
    become(overview({ connections: [connection({ ...connected, tools: 3 })] }));
    await clock.advance(5_000);
    assert.equal(world.reads, 1);
    become(connectedTo(tickets, docs));
    await clock.advance(5_000);
    assert.equal(world.reads, 2);
  });

  it('looks when the window comes to the front, once a minute at most', async () => {
    const { world, clock, focus, become } = rig();
    become(connectedTo(tickets));
    await clock.advance(5_000);
    world.entries = [];
    for (let times = 0; times < 5; times++) {
      focus.fire();
      await clock.advance(10_000);
    }
    assert.deepEqual([world.reads, world.rows().length], [1, 1]);
    await clock.advance(10_000);
    focus.fire();
    await clock.advance(0);
    assert.deepEqual([world.reads, world.rows().length], [2, 0], 'gone with what was found');
  });

  it('follows what a command finds, tells of a failure in the log only, and ends', async () => {
    const { world, clock, watch, focus, lookout, errors, become } = rig();
    become(connectedTo(tickets));
    await clock.advance(5_000);
    world.entries = [];
    await watch.lookNow();
    assert.deepEqual(world.rows(), []);
    world.fails = true;
    await clock.advance(60_000);
    focus.fire();
    await clock.advance(0);
    assert.deepEqual(errors, ['the look for shadow connections failed']);
    lookout.dispose();
    const { reads } = world;
    focus.fire();
    become(connectedTo(tickets, docs));
    await clock.advance(100_000);
    assert.equal(world.reads, reads);
  });
});
