// The gateway is made for the first open connection, and made again when it could not listen.
import assert from 'node:assert/strict';
import { Emitter } from '../../../src/core/event.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import type { Overview } from '../../../src/core/overview.ts';
import { startOnDemand } from '../../../src/gateway/onDemand.ts';
import { createOpening, type OpeningNeeds } from '../../../src/gateway/opening.ts';
import { FakeClock, settle } from '../../support/fakeClock.ts';

const address = { kind: 'tcp', port: 1 } as const;

function createCase({ failures = 0 } = {}) {
  const clock = new FakeClock();
  const changes = new Emitter<void>((error) => {
    throw error;
  });
  const made: { disposed: number; isListening: boolean; transport: unknown }[] = [];
  const said: string[] = [];
  const window = {
    ...{ isOpen: false, heard: 0, onListen: () => Promise.resolve() },
    transport: 'socket' as 'socket' | 'tcp',
  };
  const connections = {
    onDidChange: changes.event,
    overview: () =>
      ({
        connections: [{ state: { kind: window.isOpen ? 'connected' : 'connecting' } }],
      }) as unknown as Overview,
  };
  const note = (message: string) => said.push(message);
  const transport = () => window.transport;
  const deps = { clock, log: { error: note }, transport } as unknown as OpeningNeeds;
  const create = ({ transport }: { transport?: unknown }) => {
    const one = { disposed: 0, isListening: false, transport };
    made.push(one);
    return {
      get address() {
        return one.isListening ? address : undefined;
      },
      key: () => ({ name: 'value' }),
      hasSession: () => one.isListening,
      listen: async () => {
        if (made.length <= failures) throw new ConnectError('gateway.notListening');
        await window.onListen();
        one.isListening = true;
        return address;
      },
      dispose: () => {
        one.disposed += 1;
        one.isListening = false;
        return Promise.resolve();
      },
    };
  };
  const load = (onDidChange: () => void) =>
    Promise.resolve(createOpening(connections, deps, onDidChange, create));
  const gateway = startOnDemand(connections, deps.log, load);
  gateway.onDidListen(() => {
    window.heard += 1;
  });
  const change = async (isOpen = true) => {
    window.isOpen = isOpen;
    changes.fire();
    await settle();
  };
  return { clock, made, said, window, gateway, change };
}

describe('the gateway on demand', () => {
  it('is made anew when it is to be reached otherwise', async () => {
    const { made, window, gateway, change } = createCase();
    await change();
    window.transport = 'tcp';
    await change();
    assert.deepEqual(
      made.map(({ transport, disposed }) => [transport, disposed]),
      [
        ['socket', 1],
        ['tcp', 0],
      ],
    );
    await change();
    assert.equal(made.length, 2);
    await gateway.dispose();
  });

  it('is made once, for the first open connection', async () => {
    const { made, window, gateway, change } = createCase();
    await change(false);
    assert.deepEqual([made.length, gateway.address(), gateway.key()], [0, undefined, {}]);
    await change();
    await change();
    assert.deepEqual([made.length, window.heard, gateway.address()], [1, 1, address]);
    assert.deepEqual([gateway.key(), gateway.hasSession('x')], [{ name: 'value' }, true]);
    await gateway.dispose();
    assert.deepEqual([made[0]?.disposed, gateway.address()], [1, undefined]);
    await change();
    assert.equal(made.length, 1);
  });

  it('that cannot listen is let go, and made again after a while, not at every change', async () => {
    const { clock, made, said, window, gateway, change } = createCase({ failures: 9 });
    const delays = [];
    for (let n = 0; n < 9; n++) {
      for (let times = 0; times < 5; times++) await change();
      assert.deepEqual([made.length, window.heard], [n + 1, 0]);
      const [delay = 0] = clock.pending;
      delays.push(delay / 1_000);
      await clock.advance(delay);
    }
    assert.deepEqual(delays, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    assert.deepEqual([made.length, window.heard, said.length], [10, 1, 9]);
    assert.deepEqual(
      made.map(({ disposed }) => disposed),
      [...Array<number>(9).fill(1), 0],
    );
    assert.deepEqual([gateway.address(), clock.pending], [address, []]);
  });

  it('is not made again while nothing is open, nor after the end', async () => {
    const { clock, made, gateway, change } = createCase({ failures: 2 });
    await change();
    await change(false);
    await clock.advance(60_000);
    assert.equal(made.length, 1);
    await change();
    assert.equal(made.length, 2);
    await gateway.dispose();
    assert.deepEqual(clock.pending, []);
    await change();
    assert.equal(made.length, 2);
  });

  it('that comes to listen after the end is let go without a word', async () => {
    const { made, window, gateway, change } = createCase();
    let listen: () => void = () => undefined;
    window.onListen = () =>
      new Promise((resolve) => {
        listen = resolve;
      });
    await change();
    const disposed = gateway.dispose();
    listen();
    await disposed;
    assert.deepEqual([made[0]?.disposed, window.heard, gateway.address()], [1, 0, undefined]);
  });
});
