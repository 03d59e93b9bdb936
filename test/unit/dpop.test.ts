import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  jwtVerify,
} from 'jose';
import type { TokenRequest } from '../../src/core/access/accessToken.ts';
import { createDpopKeys } from '../../src/core/client/dpopKeys.ts';
import { dpopToken } from '../../src/core/access/dpopToken.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import {
  codeOf,
  idJag,
  idJagType,
  issuer,
  memoryStore,
  resource,
  run,
  type Asked,
  type Legs,
} from './legsRig.ts';

const proofOf = ({ headers }: Asked) => headers.get('dpop') ?? assert.fail('no proof');
const thumbprintOf = (proof: string) =>
  calculateJwkThumbprint(decodeProtectedHeader(proof).jwk as { kty: string });

/** An identity provider that binds the ID-JAG to the proof's key. */
const binding = async (asked: Asked) =>
  Response.json({
    access_token: idJag({ cnf: { jkt: await thumbprintOf(proofOf(asked)) } }),
    token_type: 'N_A',
    issued_token_type: idJagType,
  });
const provingIdp = { identityProvider: { dpop_signing_alg_values_supported: ['ES256'] } };
const bound = { access_token: 'at', token_type: 'DPoP' };
const full: Legs = {
  dpopRequired: true,
  metadata: provingIdp,
  exchange: binding,
  redemption: bound,
};

describe('bound access', () => {
  it('is asked for with one key in both legs, and shown with it', async () => {
    const store = memoryStore();
    const legs = run({ ...full, store });
    const { token } = await legs.access;
    const proofs = [proofOf(legs.exchanges[0]!), proofOf(legs.redemptions[0]!)] as const;
    const [first, second] = [decodeJwt(proofs[0]), decodeJwt(proofs[1])];
    assert.equal(first['htu'], 'https://idp.example/token');
    assert.equal(second['htu'], `${issuer}/token`);
    assert.notEqual(first.jti, second.jti);
    assert.equal(token.scheme, 'DPoP');
    const { authorization, dpop } = await token.authorize({ method: 'POST', url: resource });
    assert.equal(authorization, 'DPoP at');
    const thumbprints = await Promise.all([...proofs, dpop ?? ''].map(thumbprintOf));
    assert.equal(new Set(thumbprints).size, 1);
    const after = run({ ...full, store });
    await after.access;
    assert.equal(await thumbprintOf(proofOf(after.redemptions[0]!)), thumbprints[0]);
  });

  it('is asked for as the profile and the server say', async () => {
    const scheme = async (legs: Legs) => (await run(legs).access).token.scheme;
    const plain: Legs = { metadata: provingIdp };
    assert.equal(await scheme(plain), 'Bearer');
    assert.equal(
      await scheme({ ...plain, dpopRequired: true, server: { dpop: 'never' } }),
      'Bearer',
    );
    assert.equal(
      await scheme({ ...full, dpopRequired: false, server: { dpop: 'always' } }),
      'DPoP',
    );
    assert.equal(
      await scheme({ ...full, metadata: {}, dpopRequired: false, server: { dpop: 'always' } }),
      'DPoP',
    );
    const unproven = run({ ...full, metadata: {}, exchange: {} });
    assert.equal((await unproven.access).token.scheme, 'DPoP');
    assert.equal(unproven.exchanges[0]?.headers.has('dpop'), false);
    const bearer = run(plain);
    await bearer.access;
    assert.equal(bearer.redemptions[0]?.headers.has('dpop'), false);
  });

  it('is not taken when the binding is missing, is foreign, or was not asked for', async () => {
    const cnf = { jkt: 'another' };
    const missing: [why: string, legs: Legs, code: string][] = [
      ['no cnf', { exchange: {} }, 'exchange.bindingMissing'],
      ['foreign cnf', { exchange: { access_token: idJag({ cnf }) } }, 'exchange.bindingMissing'],
      ['bearer', { redemption: { token_type: 'Bearer' } }, 'redemption.bindingMissing'],
    ];
    for (const [why, legs, code] of missing) {
      const attempt = run({ ...full, ...legs });
      assert.equal(await codeOf(attempt), code, why);
      if (code.startsWith('exchange')) assert.equal(attempt.redemptions.length, 0);
    }
    const unasked = run({ exchange: { access_token: idJag({ cnf }) } });
    assert.equal(await codeOf(unasked), 'exchange.bindingMissing');
    assert.equal(await codeOf(run({ redemption: bound })), 'redemption.answerInvalid');
    assert.equal(
      await codeOf(run({ ...full, exchange: { access_token: 'a.b.c.d.e' } })),
      'granted',
    );
  });

  it('carries the nonce a token endpoint asks for, once', async () => {
    const asksFor = (nonce: string) => (asked: Asked) =>
      decodeJwt(proofOf(asked))['nonce'] === nonce
        ? Response.json(bound)
        : Response.json(
            { error: 'use_dpop_nonce' },
            { status: 400, headers: { 'dpop-nonce': nonce } },
          );
    const legs = run({ ...full, redemption: asksFor('n-1') });
    assert.equal(await codeOf(legs), 'granted');
    assert.equal(legs.redemptions.length, 2);
    assert.equal(legs.exchanges.length, 1);
    let count = 0;
    const never = run({ ...full, redemption: (asked) => asksFor(`n-${(count += 1)}`)(asked) });
    assert.equal(await codeOf(never), 'redemption.bindingMissing');
    assert.equal(never.redemptions.length, 2);
  });

  it('uses the grant of its own where an authorization server has only that', async () => {
    const jwtDpop = 'urn:ietf:params:oauth:grant-type:jwt-dpop';
    const offers = (grants: string[]) => ({
      ...provingIdp,
      authorizationServer: {
        grant_types_supported: grants,
        authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
      },
    });
    const own = run({ ...full, metadata: offers([jwtDpop]) });
    await own.access;
    assert.equal(own.redemptions[0]?.form.get('grant_type'), jwtDpop);
  });
});

describe('a DPoP key', () => {
  const parties = { identityProvider: 'https://idp.example', authorizationServer: issuer };

  it('is made once, also when two servers ask at once, and kept', async () => {
    const kept = new Map<string, string>();
    const keys = createDpopKeys();
    const [one, two] = await Promise.all([
      keys.at(parties, memoryStore(kept)),
      keys.at(parties, memoryStore(kept)),
    ]);
    assert.equal(one, two);
    assert.equal(kept.size, 1);
    const again = await createDpopKeys().at(parties, memoryStore(kept));
    assert.equal(again.thumbprint, one.thumbprint);
    assert.deepEqual(Object.keys(again.publicJwk).sort(), ['crv', 'kty', 'x', 'y']);
    const other = await keys.at(
      { ...parties, authorizationServer: 'https://b.example' },
      memoryStore(kept),
    );
    assert.notEqual(other.thumbprint, one.thumbprint);
  });

  it('that cannot be read is replaced; a keyring that is gone is said, and asked again', async () => {
    const kept = new Map([[`dpopKey https://idp.example ${issuer}`, '{"kty":"EC"}']]);
    await createDpopKeys().at(parties, memoryStore(kept));
    assert.match([...kept.values()].join(), /"d":/);
    const keys = createDpopKeys();
    const gone = { ...memoryStore(kept), get: () => Promise.reject(new Error('no keyring')) };
    await assert.rejects(keys.at(parties, gone), (error) =>
      ConnectError.is(error, 'storage.unavailable'),
    );
    await keys.at(parties, memoryStore(kept));
  });
});

describe('a bound token at its server', () => {
  const origin = 'https://tickets.example';
  const url = `${origin}/mcp?tools=all#x`;
  const challenge = 'Bearer realm="x", DPoP algs="ES256", error="use_dpop_nonce"';
  const rig = async () => {
    const key = await createDpopKeys().at(
      { identityProvider: 'https://idp.example', authorizationServer: issuer },
      memoryStore(),
    );
    const nonces = new Map<string, string>();
    return { key, nonces, token: dpopToken(new Secret('at'), { key, origin, nonces }) };
  };
  const answer = (status: number, headers: Record<string, string>) =>
    new Response(null, { status, headers });

  it('proves each request anew', async () => {
    const { key, token } = await rig();
    const body = new TextEncoder().encode('{"jsonrpc":"2.0"}');
    const verified = async (request: TokenRequest) => {
      const { dpop = '' } = await token.authorize(request);
      return jwtVerify(dpop, EmbeddedJWK, { typ: 'dpop+jwt' });
    };
    const { payload: post, protectedHeader } = await verified({ method: 'POST', url, body });
    const { payload: get } = await verified({ method: 'GET', url });
    assert.equal(await calculateJwkThumbprint(protectedHeader.jwk as never), key.thumbprint);
    assert.doesNotMatch(JSON.stringify(protectedHeader), /"d":/);
    assert.deepEqual([post['htm'], post['htu']], ['POST', `${origin}/mcp`]);
    assert.equal(post['ath'], createHash('sha256').update('at').digest('base64url'));
    const digest = createHash('sha256').update(body).digest('base64');
    assert.equal(post['content_digest'], `sha-256=:${digest}:`);
    assert.deepEqual(
      [get['htm'], get['content_digest'], get['nonce']],
      ['GET', undefined, undefined],
    );
    assert.ok(Math.abs(Date.now() / 1000 - (post.iat ?? 0)) < 5);
    assert.notEqual(post.jti, get.jti);
  });

  it('learns a nonce from any answer and says which one to send again', async () => {
    const { nonces, token } = await rig();
    const other = dpopToken(new Secret('b'), {
      key: (await rig()).key,
      origin: 'https://docs.example',
      nonces,
    });
    const nonceOf = async (of: typeof token, at = url) => {
      const { dpop } = await of.authorize({ method: 'POST', url: at });
      return decodeJwt(dpop ?? '')['nonce'];
    };
    const wanted = { 'dpop-nonce': 'n-1', 'www-authenticate': challenge };
    // Several requests at once may each be asked for one.
    assert.ok(token.asksAgain(answer(401, wanted)));
    assert.ok(token.asksAgain(answer(401, wanted)));
    assert.equal(await nonceOf(token), 'n-1');
    assert.ok(!token.asksAgain(answer(200, { 'dpop-nonce': 'n-2' })));
    assert.equal(await nonceOf(token), 'n-2');
    assert.equal(await nonceOf(other, 'https://docs.example/mcp'), undefined);
  });

  it('asks for nothing again without a nonce, a challenge for it, or a 401', async () => {
    const { token } = await rig();
    const nonce = { 'dpop-nonce': 'n' };
    const answers = [
      answer(401, { 'www-authenticate': challenge }),
      answer(401, nonce),
      answer(401, { ...nonce, 'www-authenticate': 'DPoP error="invalid_token"' }),
      answer(401, { ...nonce, 'www-authenticate': 'Bearer error="use_dpop_nonce"' }),
      answer(400, { ...nonce, 'www-authenticate': challenge }),
    ];
    assert.deepEqual(
      answers.map((one) => token.asksAgain(one)),
      [false, false, false, false, false],
    );
  });

  it('is shown nowhere else', async () => {
    const { token } = await rig();
    const elsewhere = token.authorize({ method: 'POST', url: 'https://evil.example/mcp' });
    await assert.rejects(elsewhere, (error) => ConnectError.is(error, 'bug'));
  });
});
