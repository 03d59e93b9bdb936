import assert from 'node:assert/strict';
import { ConnectError, type ErrorCode, type Facts } from '../../src/core/errors.ts';
import { Circuit } from '../../src/core/http/circuit.ts';
import { FakeClock } from '../support/fakeClock.ts';

const down = (facts: Facts = { status: 503 }) =>
  new ConnectError('identityProvider.unavailable', facts);
const second = 1_000;
const nothing = () => undefined;

function rig(random = 1) {
  const clock = new FakeClock();
  const seen = { sent: 0, recovered: 0 };
  const circuit = new Circuit({ clock, random: () => random, onListenerError: nothing });
  circuit.onDidRecover(() => {
    seen.recovered++;
  });
  /** What a request comes to: what it was answered with, or the error's code. */
  const ask = (answer: unknown, urgent?: boolean): Promise<unknown> =>
    circuit
      .run(
        () => {
          seen.sent++;
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        { urgent },
      )
      .catch((error: unknown) => error);
  const fail = async (times: number, error = down()) => {
    for (let at = 0; at < times; at++) await ask(error);
  };
  return { clock, seen, circuit, ask, fail };
}

function pending() {
  const settle = {} as { resolve: (answer: string) => void; reject: (error: Error) => void };
  const promise = new Promise<string>((resolve, reject) =>
    Object.assign(settle, { resolve, reject }),
  );
  return { task: () => promise, ...settle };
}

describe('a circuit', () => {
  it('opens at the fifth failure in 60 s, not before', async () => {
    const { circuit, fail } = rig();
    await fail(4);
    assert.deepEqual(circuit.state, { kind: 'closed' });
    await fail(1);
    assert.equal(circuit.state.kind, 'open');
  });

  it('forgets a failure after 60 s, to the second', async () => {
    for (const [waitMs, kind] of [
      [59 * second, 'open'],
      [60 * second, 'closed'],
    ] as const) {
      const { circuit, clock, fail } = rig();
      await fail(1);
      await clock.advance(waitMs);
      await fail(4);
      assert.equal(circuit.state.kind, kind, `after ${waitMs} ms`);
    }
  });

  const outages: ErrorCode[] = [
    'network.unreachable',
    'network.tls',
    'network.captivePortal',
    'identityProvider.unavailable',
    'identityProvider.busy',
  ];
  for (const code of outages) {
    it(`counts ${code}, and says it while it is open`, async () => {
      const { circuit, seen, fail, ask } = rig();
      await fail(5, new ConnectError(code, { host: 'idp.example' }));
      assert.ok(circuit.state.kind === 'open');
      assert.equal(circuit.state.code, code);
      const error = await ask('yes');
      assert.ok(ConnectError.is(error, code));
      assert.deepEqual(error.facts, { host: 'idp.example', retryAfterSec: 1 });
      assert.equal(seen.sent, 5);
    });
  }

  for (const code of ['identityProvider.responseInvalid', 'exchange.denied'] as const) {
    it(`takes ${code} for an answer: the party is up`, async () => {
      const { circuit, fail } = rig();
      await fail(4);
      await fail(1, new ConnectError(code));
      await fail(4);
      assert.equal(circuit.state.kind, 'closed');
    });
  }

  it('takes a request that was given up for nothing at all', async () => {
    const { circuit, clock, fail, seen } = rig();
    const cancelled = new ConnectError('user.cancelled');
    await fail(9, cancelled);
    assert.equal(circuit.state.kind, 'closed');
    await fail(5);
    await clock.advance(second);
    await fail(1, cancelled);
    assert.equal(circuit.state.kind, 'halfOpen');
    assert.equal(seen.recovered, 0);
  });

  it('lets nothing through until its time is over, to the millisecond', async () => {
    const { circuit, clock, seen, fail, ask } = rig(0.7);
    await fail(5);
    assert.deepEqual(circuit.state, {
      kind: 'open',
      untilMs: clock.now() + 700,
      code: 'identityProvider.unavailable',
    });
    await clock.advance(699);
    assert.ok(ConnectError.is(await ask('yes'), 'identityProvider.unavailable'));
    assert.equal(seen.sent, 5);
    await clock.advance(1);
    assert.deepEqual(circuit.state, { kind: 'halfOpen' });
    assert.equal(await ask('yes'), 'yes');
    assert.deepEqual(circuit.state, { kind: 'closed' });
    assert.equal(seen.recovered, 1);
  });

  it('waits twice as long after each probe that failed, up to 5 minutes', async () => {
    const { circuit, clock, fail } = rig();
    await fail(5);
    const waits: number[] = [];
    for (let at = 0; at < 11; at++) {
      assert.ok(circuit.state.kind === 'open');
      const waitMs = circuit.state.untilMs - clock.now();
      waits.push(waitMs / second);
      await clock.advance(waitMs);
      await fail(1);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('waits as long as the party asks', async () => {
    const { circuit, clock, fail, ask } = rig();
    await fail(4);
    await fail(1, new ConnectError('identityProvider.busy', { status: 429, retryAfterSec: 42 }));
    await clock.advance(41.5 * second);
    const error = await ask('yes');
    assert.ok(ConnectError.is(error, 'identityProvider.busy'));
    assert.equal(error.facts.retryAfterSec, 1);
    await clock.advance(0.5 * second);
    assert.equal(circuit.state.kind, 'halfOpen');
  });

  it('sends one probe; the others are told at once', async () => {
    const { circuit, clock, seen, fail, ask } = rig();
    await fail(5);
    await clock.advance(second);
    const probe = pending();
    const first = circuit.run(probe.task);
    const others = await Promise.all([ask('yes'), ask('yes')]);
    for (const error of others) {
      assert.ok(ConnectError.is(error, 'identityProvider.unavailable'));
      assert.equal(error.facts.retryAfterSec, 5);
    }
    assert.equal(seen.sent, 5);
    probe.resolve('back');
    assert.equal(await first, 'back');
    assert.equal(await ask('yes'), 'yes');
    assert.equal(seen.recovered, 1);
  });

  it('lets another probe go when one was given up', async () => {
    const { circuit, clock, seen, fail, ask } = rig();
    await fail(5);
    await clock.advance(second);
    const probe = pending();
    const first = circuit.run(probe.task);
    probe.reject(new ConnectError('user.cancelled'));
    await assert.rejects(first);
    assert.equal(await ask('yes'), 'yes');
    assert.equal(seen.recovered, 1);
  });

  it('is not shut for longer by what was sent before it shut', async () => {
    const { circuit, clock, fail } = rig();
    const late = pending();
    const request = circuit.run(late.task);
    await fail(5);
    const { state } = circuit;
    late.reject(down({ retryAfterSec: 900 }));
    await assert.rejects(request);
    assert.deepEqual(circuit.state, state);
    await clock.advance(second);
    assert.equal(circuit.state.kind, 'halfOpen');
  });

  it('is opened again by an answer to what was sent before it shut', async () => {
    const { circuit, seen, fail } = rig();
    const late = pending();
    const request = circuit.run(late.task);
    await fail(5);
    late.resolve('yes');
    await request;
    assert.equal(circuit.state.kind, 'closed');
    assert.equal(seen.recovered, 1);
  });

  it('sends what the person begins at once, and a failure of it changes nothing', async () => {
    const { circuit, seen, fail, ask } = rig();
    await fail(5, down({ retryAfterSec: 600 }));
    const { state } = circuit;
    await ask(down(), true);
    assert.equal(seen.sent, 6);
    assert.deepEqual(circuit.state, state);
    assert.equal(await ask('yes', true), 'yes');
    assert.equal(circuit.state.kind, 'closed');
    assert.equal(seen.recovered, 1);
  });

  it('lets the next request find out when told that things may have changed', async () => {
    const { circuit, fail, ask } = rig();
    circuit.retryNow();
    assert.equal(circuit.state.kind, 'closed');
    await fail(5, down({ retryAfterSec: 600 }));
    circuit.retryNow();
    assert.equal(circuit.state.kind, 'halfOpen');
    assert.equal(await ask('yes'), 'yes');
  });

  it('begins anew after a recovery', async () => {
    const { circuit, clock, fail, ask } = rig();
    await fail(5);
    await clock.advance(second);
    await fail(1);
    await clock.advance(2 * second);
    await ask('yes');
    await fail(4);
    assert.deepEqual(circuit.state, { kind: 'closed' });
    await fail(1);
    const untilMs = clock.now() + second;
    assert.deepEqual(circuit.state, {
      kind: 'open',
      untilMs,
      code: 'identityProvider.unavailable',
    });
  });
});
