// What crosses the link is believed by nobody before it is checked.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bearerToken } from '../../../src/core/access/accessToken.ts';
import type { Access } from '../../../src/core/access/accessRequest.ts';
import { ConnectError, errorCodes } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import { accessFrom, accessMessage, type Bind } from '../../../src/core/windows/accessMessage.ts';
import { errorFrom, errorMessage } from '../../../src/core/windows/errorMessage.ts';
import { readFrame } from '../../../src/core/windows/frame.ts';
import { SharedMint, type MintWish } from '../../../src/core/windows/sharedMint.ts';
import { FakeClock, settle } from '../../support/fakeClock.ts';

const target = {
  resource: 'https://tickets.example/mcp',
  authorizationServer: { issuer: 'https://auth.example', token_endpoint: 'https://auth.example/t' },
  identityProvider: { issuer: 'https://idp.example' },
  binding: undefined,
};
const accessOf = (clock: FakeClock, secret: string, lifeMs = 1_800_000): Access => ({
  token: bearerToken(new Secret(secret)),
  scopes: ['a'],
  receivedAt: { monotonicMs: clock.monotonic(), wallMs: clock.now() },
  ...{ lifeMs, serverLifeMs: 3_600_000, target },
  authorizationServer: target.authorizationServer,
});
const unbound: Bind = () => Promise.reject(new ConnectError('bug'));
const overTheWire = (message: object): unknown => JSON.parse(JSON.stringify(message));

describe('messages between windows', () => {
  it('carry access with what is left of its life, whatever monotonic clock each has', async () => {
    const [there, here] = [new FakeClock(), new FakeClock()];
    const access = accessOf(there, 'canary');
    await there.advance(60_000);
    there.sleep(30_000);
    await here.advance(10_000);
    here.sleep(80_000);
    const message = overTheWire(accessMessage(access, there));
    const received = await accessFrom(message, { clock: here, bind: unbound });
    assert.equal(here.now() - received.receivedAt.wallMs, 90_000);
    assert.equal(here.monotonic() - received.receivedAt.monotonicMs, 90_000);
    assert.ok(received.token.secret.equals(access.token.secret));
    const { token, receivedAt, ...rest } = received;
    const { token: sentToken, receivedAt: sentAt, ...sent } = access;
    assert.deepEqual(rest, sent);
    assert.equal(token.scheme, sentToken.scheme);
    assert.notDeepEqual(receivedAt, sentAt);
  });

  it('carry no bound access to where it is not bound', async () => {
    const clock = new FakeClock();
    const message = { ...accessMessage(accessOf(clock, 's'), clock), scheme: 'DPoP' };
    await assert.rejects(accessFrom(overTheWire(message), { clock, bind: unbound }), (error) =>
      ConnectError.is(error, 'gateway.messageInvalid'),
    );
  });

  it('that are not access are refused', async () => {
    const clock = new FakeClock();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (message) => {
        await assert.rejects(accessFrom(message, { clock, bind: unbound }), (error) =>
          ConnectError.is(error, 'gateway.messageInvalid'),
        );
      }),
    );
  });

  it('carry every code and its facts, and no other party’s text', () => {
    for (const code of errorCodes) {
      const facts = { host: 'a.example', status: 400, retryAfterSec: 3 };
      const known = errorFrom(overTheWire(errorMessage(new ConnectError(code, facts))));
      assert.equal(known.code, code);
      assert.deepEqual(known.facts, facts);
    }
    assert.equal(errorFrom({ code: 'of.anotherVersion', facts: {} }).code, 'bug');
    assert.deepEqual(errorFrom({ code: 'bug', facts: { prose: 'x' } }).facts, {});
  });

  it('are frames or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        assert.throws(
          () => readFrame(line),
          (error) => ConnectError.is(error, 'gateway.messageInvalid'),
        );
      }),
    );
    assert.deepEqual(readFrame('{"kind":"heard","id":3}'), { kind: 'heard', id: 3 });
    for (const line of ['{"kind":"heard","id":-1}', '{"kind":"heard","id":1.5}', '{"kind":"x"}']) {
      assert.throws(() => readFrame(line));
    }
  });
});

describe('access that windows share', () => {
  const key = {
    ...{ identityProvider: 'acme', accountId: 'alice', serverId: 'tickets', profile: 'p' },
    scopes: ['a', 'b'],
  };
  const rig = () => {
    const clock = new FakeClock();
    const shared = new SharedMint(clock);
    const seen = { runs: 0, signals: [] as AbortSignal[] };
    const mint = (change: Partial<MintWish> = {}, signal = new AbortController().signal) =>
      shared.mint(
        { ...key, maxAgeMs: 900_000, ...change },
        async (own) => {
          seen.signals.push(own);
          const number = ++seen.runs;
          await settle();
          if (own.aborted) throw ConnectError.from(own.reason);
          return accessOf(clock, `t${number}`);
        },
        signal,
      );
    return { clock, shared, seen, mint };
  };

  it('is minted once for all who need it, and again when it is too old', async () => {
    const { clock, mint, seen } = rig();
    const given = await Promise.all([mint(), mint({ scopes: ['b', 'a'] }), mint()]);
    assert.equal(seen.runs, 1);
    assert.ok(given.every((one) => one === given[0]));
    await clock.advance(899_999);
    assert.equal(await mint(), given[0]);
    await clock.advance(1);
    assert.notEqual(await mint(), given[0]);
  });

  it('is minted once instead of what was refused, for all whom it was refused to', async () => {
    const { mint, seen } = rig();
    const first = await mint();
    const insteadOf = first.token.secret;
    const [one, other] = await Promise.all([mint({ insteadOf }), mint({ insteadOf })]);
    assert.equal(await mint({ insteadOf }), one);
    assert.ok(one === other && one !== first);
    assert.equal(seen.runs, 2);
  });

  it('is not handed out with a minute left of its life, asleep or awake', async () => {
    const { clock, mint, seen } = rig();
    await mint({ maxAgeMs: Infinity });
    clock.sleep(1_740_001);
    await mint({ maxAgeMs: Infinity });
    assert.equal(seen.runs, 2);
  });

  for (const [name, other] of Object.entries({
    accountId: 'bob',
    identityProvider: 'other',
    serverId: 'docs',
    profile: 'q',
    scopes: ['a'],
  })) {
    it(`is of one ${name}`, async () => {
      const { mint, seen } = rig();
      await mint();
      await mint({ [name]: other });
      assert.equal(seen.runs, 2);
    });
  }

  it('goes on for the others when one gives up, and ends with the last', async () => {
    const { mint, seen } = rig();
    const [one, other] = [new AbortController(), new AbortController()];
    const asked = [mint({}, one.signal), mint({}, other.signal)];
    one.abort();
    await assert.rejects(asked[0]!);
    assert.equal(seen.signals[0]!.aborted, false);
    other.abort();
    await assert.rejects(asked[1]!);
    assert.equal(seen.signals[0]!.aborted, true);
    await mint();
    assert.equal(seen.runs, 2);
  });

  it('is handed to nobody after it was let go of, also when it was under way', async () => {
    const { mint, seen, shared } = rig();
    const late = mint();
    shared.drop('acme', 'tickets');
    const after = await mint();
    assert.notEqual(await late, after);
    assert.equal(await mint(), after);
    shared.drop('acme', 'docs');
    assert.equal(await mint(), after);
    shared.drop('acme');
    assert.notEqual(await mint(), after);
    assert.equal(seen.runs, 3);
  });
});
