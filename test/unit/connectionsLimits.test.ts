// How often the editor is asked what it is set to: its answer takes longer than everything else of a repaint.
import assert from 'node:assert/strict';
import { Connections } from '../../src/core/connections.ts';
import { readProfile } from '../../src/core/profile/profile.ts';
import { aloneWindow } from '../../src/core/windows/windowMeans.ts';
import { systemClock } from '../../src/node/systemClock.ts';

const minute = 60_000;

function createConnections(checkIntervalMinutes: () => number) {
  const never = () => Promise.reject(new Error('nobody is there'));
  const ignore = () => undefined;
  return new Connections({
    fetch: never,
    clock: systemClock,
    store: {
      keys: () => Promise.resolve([]),
      get: () => Promise.resolve(undefined),
      store: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
    preferences: { get: ignore, set: () => Promise.resolve() },
    openUrl: never,
    networkMark: () => '',
    openWindows: () => Promise.resolve(aloneWindow()),
    startReceiver: never,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    random: () => 0.5,
    clientVersion: '0.0.0-test',
    checkIntervalMinutes,
  });
}

describe('Connections, and what the person set', () => {
  const asked = { times: 0, answer: 20 };
  const connections = createConnections(() => {
    asked.times += 1;
    return asked.answer;
  });
  const load = () => connections.load(() => Promise.resolve(readProfile(undefined, 'settings')));

  after(() => connections.dispose());

  it('ask for it once, however often it is needed', async () => {
    await load();
    const seen = Array.from({ length: 50 }, () => connections.promises().checkIntervalMs);
    assert.deepEqual(new Set(seen), new Set([20 * minute]));
    assert.equal(asked.times, 1);
  });

  it('ask again when settings were read anew', async () => {
    asked.answer = 30;
    await load();
    assert.equal(connections.promises().checkIntervalMs, 30 * minute);
    assert.equal(asked.times, 2);
  });
});
