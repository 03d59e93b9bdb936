import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ConnectError } from '../../src/core/errors.ts';
import { clock, codeOf, factsOf, idJag, issuer, refused, resource, run } from './legsRig.ts';

describe('the access to one server', () => {
  it('lives as long as its server says, and no longer than the profile allows', async () => {
    const lives: [unknown, number][] = [
      [600, 600],
      ['600', 600],
      [9e15, 1800],
      [undefined, 300],
      [null, 300],
    ];
    for (const [expires_in, seconds] of lives) {
      assert.equal((await run({ redemption: { expires_in } }).access).lifeMs, seconds * 1000);
    }
    const { access } = run({ redemption: { expires_in: 7200 }, tokenCapMs: 300_000 });
    const { lifeMs, serverLifeMs } = await access;
    assert.deepEqual([lifeMs, serverLifeMs], [300_000, 7_200_000]);
  });

  it('is of no use when it ends at once', async () => {
    for (const expires_in of [0, 1, 5]) {
      assert.equal(await codeOf(run({ redemption: { expires_in } })), 'redemption.answerInvalid');
    }
    assert.equal(await codeOf(run({ redemption: { expires_in: 6 } })), 'granted');
  });

  it('is Bearer in any spelling and nothing else', async () => {
    for (const token_type of ['bearer', 'BEARER', 'BeArEr']) {
      assert.equal((await run({ redemption: { token_type } }).access).token.scheme, 'Bearer');
    }
    for (const token_type of ['DPoP', 'N_A', 'mac']) {
      assert.equal(await codeOf(run({ redemption: { token_type } })), 'redemption.answerInvalid');
    }
  });

  it('is refused when nothing is granted of what was named', async () => {
    for (const scope of ['', ' ', '   ']) {
      const scopes = ['read'];
      const inAnswer = run({ exchange: { scope }, scopes });
      assert.equal(await codeOf(inAnswer), 'exchange.nothingGranted');
      const inGrant = run({ exchange: { access_token: idJag({ scope }) }, scopes });
      assert.equal(await codeOf(inGrant), 'exchange.nothingGranted');
      assert.equal(inGrant.redemptions.length, 0);
      assert.equal(
        await codeOf(run({ redemption: { scope }, scopes })),
        'redemption.nothingGranted',
      );
    }
  });

  it('is not refused where nothing is named at all: nothing by name is all there can be', async () => {
    for (const answer of [{ exchange: { scope: '' } }, { redemption: { scope: '' } }]) {
      assert.equal(await codeOf(run({ ...answer, scopes: [] })), 'granted');
    }
  });

  it('may be less than was asked for, never more', async () => {
    const scopes = ['read', 'write'];
    const less = run({ exchange: { scope: 'read' }, scopes });
    assert.deepEqual((await less.access).scopes, ['read']);
    assert.equal(less.redemptions[0]?.form.get('scope'), 'read');
    const both = { access_token: idJag({ scope: 'write read' }), scope: 'read' };
    assert.deepEqual((await run({ exchange: both, scopes }).access).scopes, ['read']);
    const apart = { access_token: idJag({ scope: 'write' }), scope: 'read' };
    assert.equal(await codeOf(run({ exchange: apart, scopes })), 'exchange.nothingGranted');
    for (const exchange of [
      { scope: 'read admin' },
      { access_token: idJag({ scope: 'read admin' }) },
    ]) {
      assert.equal(await codeOf(run({ exchange })), 'exchange.answerInvalid');
    }
    assert.equal(
      await codeOf(run({ redemption: { scope: 'read admin' } })),
      'redemption.answerInvalid',
    );
  });

  it('is for that server alone', async () => {
    for (const named of [resource, [resource]]) {
      assert.equal(await codeOf(run({ redemption: { resource: named } })), 'granted');
    }
    for (const named of [[], '', 'https://other.example/mcp', [resource, 'https://x.example']]) {
      assert.equal(
        await codeOf(run({ redemption: { resource: named } })),
        'redemption.answerInvalid',
      );
    }
  });

  it('comes with nothing that outlives it', async () => {
    for (const extra of ['canary', '', null, 7]) {
      const { access } = run({ redemption: { refresh_token: extra, id_token: extra } });
      assert.doesNotMatch(JSON.stringify(await access), /canary/);
    }
  });
});

describe('a redemption that fails', () => {
  it('is tried once more with a new ID-JAG after invalid_grant, and only then', async () => {
    const grants = [{ access_token: idJag({ jti: '1' }) }, { access_token: idJag({ jti: '2' }) }];
    const again = run({ exchange: grants, redemption: [refused('invalid_grant'), {}] });
    assert.equal(await codeOf(again), 'granted');
    const sent = again.redemptions.map(({ form }) => form.get('assertion'));
    assert.equal(new Set(sent).size, 2);
    const never = run({ redemption: refused('invalid_grant') });
    assert.equal(await codeOf(never), 'redemption.refused');
    assert.equal(never.redemptions.length, 2);
  });

  const terminal: [error: string, code: string][] = [
    ['access_denied', 'redemption.denied'],
    ['invalid_client', 'redemption.clientRefused'],
    ['unauthorized_client', 'redemption.clientRefused'],
    ['invalid_target', 'redemption.refused'],
    ['insufficient_claims', 'redemption.refused'],
    ['invalid_scope', 'redemption.scopeRefused'],
    ['unsupported_grant_type', 'redemption.grantNotSupported'],
    ['interaction_required', 'redemption.interactionRequired'],
  ];
  for (const [error, code] of terminal) {
    it(`with ${error} stays failed`, async () => {
      const legs = run({ redemption: refused(error) });
      assert.equal(await codeOf(legs), code);
      assert.deepEqual([legs.exchanges.length, legs.redemptions.length], [1, 1]);
    });
  }

  it('for the network leaves its ID-JAG behind', async () => {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const legs = run({ redemption: reset });
    assert.equal(await codeOf(legs), 'redemption.unavailable');
    assert.deepEqual([legs.exchanges.length, legs.redemptions.length], [1, 1]);
  });

  it('tells an administrator where and what', async () => {
    const headers = { 'x-request-id': 'req-7', date: new Date(clock.now() + 30_000).toUTCString() };
    const facts = await factsOf(
      run({ redemption: refused('access_denied', {}, { headers, status: 403 }) }),
    );
    assert.deepEqual(facts, {
      host: 'auth.example',
      audience: issuer,
      resource,
      scopes: 'read',
      jtiHash: createHash('sha256').update('j-1').digest('hex').slice(0, 16),
      status: 403,
      oauthError: 'access_denied',
      requestId: 'req-7',
      clockOffsetSec: -30,
    });
  });

  it('is the clock, where the clocks differ', async () => {
    const headers = { date: new Date(clock.now() - 200_000).toUTCString() };
    const legs = run({ redemption: refused('invalid_grant', {}, { headers }) });
    assert.equal(await codeOf(legs), 'network.clockSkew');
    assert.equal(legs.redemptions.length, 1);
    const denied = run({ redemption: refused('access_denied', {}, { headers }) });
    assert.equal(await codeOf(denied), 'redemption.denied');
  });

  it('carries what a stronger sign-in must reach, and nothing else of the answer', async () => {
    const demand = { acr_values: 'phr phrh', max_age: '300', error_description: 'canary' };
    const legs = run({ exchange: refused('insufficient_user_authentication', demand) });
    assert.equal(await codeOf(legs), 'exchange.stepUpRequired');
    const { acrValues, maxAgeSec, ...rest } = await factsOf(legs);
    assert.deepEqual([acrValues, maxAgeSec], ['phr phrh', 300]);
    assert.doesNotMatch(JSON.stringify(rest), /canary/);
    for (const odd of [
      { acr_values: 'a\nb', max_age: -1 },
      { acr_values: ['x'], max_age: 1.5 },
    ]) {
      const facts = await factsOf(
        run({ exchange: refused('insufficient_user_authentication', odd) }),
      );
      assert.deepEqual([facts.acrValues, facts.maxAgeSec], [undefined, undefined]);
    }
  });
});

describe('metadata that went stale', () => {
  const moved = (answers: { exchange?: Response[]; redemption?: Response[] }, outdated = true) => {
    const dropped: string[] = [];
    let at = 'old';
    const token = (host: string) => ({ issuer: host, token_endpoint: `${host}/${at}` });
    const legs = run({
      ...(answers.exchange && { exchange: [...answers.exchange, {}] }),
      ...(answers.redemption && { redemption: [...answers.redemption, {}] }),
      discovery: {
        outdated: (one: string) => {
          dropped.push(one);
          at = 'new';
          return outdated;
        },
        identityProvider: () => Promise.resolve(token('https://idp.example')),
        authorizationServer: () =>
          Promise.resolve({
            ...token(issuer),
            grant_types_supported: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
          }),
      },
    });
    return { legs, dropped };
  };
  const gone = () => new Response('nothing here', { status: 404 });

  it('is looked up again once, and the legs begin anew', async () => {
    const atServer = moved({ redemption: [gone()] });
    assert.equal(await codeOf(atServer.legs), 'granted');
    assert.deepEqual(atServer.dropped, [issuer]);
    assert.equal(atServer.legs.redemptions[1]?.url, `${issuer}/new`);
    assert.equal(atServer.legs.exchanges.length, 2);
    const atProvider = moved({ exchange: [gone()] });
    assert.equal(await codeOf(atProvider.legs), 'granted');
    assert.deepEqual(atProvider.dropped, ['https://idp.example']);
    assert.equal(atProvider.legs.exchanges[1]?.url, 'https://idp.example/new');
  });

  it('is not blamed twice, nor when it was fresh', async () => {
    const twice = moved({ redemption: [gone(), gone()] });
    assert.equal(await codeOf(twice.legs), 'redemption.answerInvalid');
    assert.equal(twice.legs.redemptions.length, 2);
    const fresh = moved({ redemption: [gone()] }, false);
    assert.equal(await codeOf(fresh.legs), 'redemption.answerInvalid');
    assert.equal(fresh.legs.redemptions.length, 1);
  });

  it('is not blamed for an answer, nor tried where nothing moved', async () => {
    const answered = moved({ redemption: [refused('access_denied', {}, { status: 404 })] });
    assert.equal(await codeOf(answered.legs), 'redemption.denied');
    assert.deepEqual(answered.dropped, []);
    const still = run({ redemption: gone(), discovery: { outdated: () => true } });
    assert.equal(await codeOf(still), 'redemption.answerInvalid');
    assert.equal(still.redemptions.length, 1);
    assert.ok(ConnectError.is(await still.access.catch((error: unknown) => error)));
  });
});
