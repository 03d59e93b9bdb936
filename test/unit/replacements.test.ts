import assert from 'node:assert/strict';
import { bearerToken } from '../../src/core/access/accessToken.ts';
import { retryDelayMs } from '../../src/core/connection/schedule.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { harness, never } from './connectionRig.ts';

describe('a server that refuses fresh access', () => {
  it('is believed after three within a minute, and asked about no more', async () => {
    const h = harness();
    await h.connection.connect();
    h.watchGate();
    let token = await h.connection.accessToken(never);
    for (let times = 0; times < 3; times++) {
      token = await h.connection.replaceToken(token, never);
    }
    assert.equal(h.world.minted, 4);
    await assert.rejects(h.connection.replaceToken(token, never), { code: 'server.tokenRefused' });
    assert.equal(h.world.minted, 4);
    assert.equal(h.connection.state.kind, 'refusedByServer');
    assert.ok(h.seen.includes('cut server.tokenRefused'));
  });

  it('may refuse now and then, and many calls at once are one', async () => {
    const h = harness();
    await h.connection.connect();
    for (let hours = 0; hours < 6; hours++) {
      const token = await h.connection.accessToken(never);
      await Promise.all(Array.from({ length: 10 }, () => h.connection.replaceToken(token, never)));
      await h.clock.advance(61_000);
    }
    assert.equal(h.world.minted, 7);
    assert.equal(h.connection.state.kind, 'connected');
  });

  it('is not the one who says how soon it is asked again', () => {
    for (const failures of [0, 3, 9]) {
      const own = retryDelayMs(failures, undefined, 1);
      for (const asked of [0, 1e-9, 1]) assert.ok(retryDelayMs(failures, asked, 1) >= own);
      assert.ok(retryDelayMs(failures, 1e9, 1) <= 301_000);
    }
    assert.ok(retryDelayMs(0, 20, 0) >= 20_000);
  });

  it('knows no token but the one it refused', async () => {
    const h = harness();
    await h.connection.connect();
    const other = bearerToken(new Secret('of another time'));
    assert.equal((await h.connection.replaceToken(other, never)).secret.reveal(), 't1');
    assert.ok(!ConnectError.is(h.connection.gate));
  });
});
