// What comes back from the identity provider's page, and the ID token behind it: each check by its own.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { exportSPKI, generateKeyPair, exportJWK } from 'jose';
import { atHash, createRig, issuer, keys, metadata, publicJwk, without } from './signInRig.ts';
import type { Forgery } from './signInRig.ts';

const foreign = await generateKeyPair('RS256');
const foreignJwk = await exportJWK(foreign.publicKey);
const publicKeyAsSecret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSec = Math.floor(Date.now() / 1000);

describe('a sign-in in the browser', () => {
  it('yields who it is, and asks with PKCE, state and nonce', async () => {
    const { signIn, world } = createRig();
    const { account, idToken, refreshToken } = await signIn();
    assert.deepEqual(account, { id: 'sub-1', label: 'alice@acme.example' });
    assert.equal(idToken.membership.emailDomain, 'acme.example');
    assert.equal(refreshToken?.reveal(), 'r1');
    const asked = Object.fromEntries(world.opened[0]!.searchParams);
    assert.deepEqual(
      { ...asked, code_challenge: '', state: '', nonce: '' },
      {
        client_id: 'vscode',
        response_type: 'code',
        redirect_uri: 'http://127.0.0.1:1/callback',
        scope: 'openid email',
        code_challenge: '',
        code_challenge_method: 'S256',
        state: '',
        nonce: '',
      },
    );
    for (const name of ['code_challenge', 'state', 'nonce']) assert.ok(asked[name]!.length >= 43);
    const { body } = world.requests[0]!;
    assert.deepEqual([body.get('code'), body.get('code_verifier')?.length], ['c1', 43]);
  });

  for (const [what, wish, expected] of [
    ['nothing', {}, [null, null, null]],
    ['classes', { stepUp: { acrValues: 'phr phrh' } }, ['phr phrh', null, null]],
    ['an age', { stepUp: { maxAgeSec: 300 } }, [null, '300', null]],
    ['presence', { stepUp: { maxAgeSec: 0 } }, [null, '0', 'login']],
    ['anything stronger', { stepUp: {} }, [null, null, 'login']],
    ['another account', { selectAccount: true }, [null, null, 'select_account']],
    [
      'both',
      { stepUp: { acrValues: 'phr', maxAgeSec: 0 }, selectAccount: true },
      ['phr', '0', 'login select_account'],
    ],
  ] as const) {
    it(`asks for ${what}`, async () => {
      const { signIn, world } = createRig();
      await signIn(wish);
      const { searchParams } = world.opened[0]!;
      const sent = ['acr_values', 'max_age', 'prompt'].map((name) => searchParams.get(name));
      assert.deepEqual(sent, expected);
    });
  }

  for (const claims of [
    { auth_time: Math.floor(Date.now() / 1000) - 7_200 },
    { auth_time: undefined },
  ]) {
    it(`does not believe ${JSON.stringify(claims)} after asking for an age`, async () => {
      const { signIn, world } = createRig();
      world.forgery = { claims };
      await assert.rejects(signIn({ stepUp: { maxAgeSec: 300 } }), {
        code: 'identityProvider.idTokenInvalid',
      });
    });
  }

  for (const [what, methods, unadvertised, isRefused] of [
    ['not listed', undefined, false, true],
    ['not listed, and the profile lets that pass', undefined, true, false],
    ['listed without S256', ['plain'], false, true],
    ['listed without S256, whatever the profile says', ['plain'], true, true],
    ['listed', ['plain', 'S256'], false, false],
  ] as const) {
    it(`${isRefused ? 'does not open' : 'opens'} the browser where PKCE is ${what}`, async () => {
      const { signIn, world } = createRig({
        metadata: {
          ...without('code_challenge_methods_supported'),
          ...(methods ? { code_challenge_methods_supported: [...methods] } : {}),
        },
        pkceUnadvertised: unadvertised,
      });
      const done = signIn();
      if (isRefused) await assert.rejects(done, { code: 'identityProvider.pkceNotOffered' });
      else await done;
      assert.equal(world.opened.length, isRefused ? 0 : 1);
    });
  }

  for (const missing of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    it(`says that ${missing} is missing`, async () => {
      const { signIn, world } = createRig({ metadata: without(missing) });
      await assert.rejects(signIn(), {
        code: 'identityProvider.metadataInvalid',
        facts: { host: 'idp.example', reason: `${missing} is missing` },
      });
      assert.deepEqual(world.opened, []);
    });
  }
});

describe('the way back from the browser', () => {
  const promised = { ...metadata, authorization_response_iss_parameter_supported: true };
  for (const [what, isPromised, iss, isTaken] of [
    ['iss as promised', true, issuer, true],
    ['no iss where none is promised', false, '', true],
    ['iss that was not promised', false, issuer, true],
    ['no iss where it is promised', true, '', false],
    ['another iss', true, 'https://evil.example', false],
    ['another iss that was not promised', false, 'https://evil.example', false],
    ['iss with a slash at its end', true, `${issuer}/`, false],
    ['iss in capitals', true, 'https://IDP.example', false],
    ['iss with the port of https', true, `${issuer}:443`, false],
  ] as const) {
    it(`with ${what} is ${isTaken ? 'taken' : 'refused'}, error or not`, async () => {
      for (const error of ['', 'access_denied']) {
        const { signIn, world } = createRig(isPromised ? { metadata: promised } : {});
        world.back = { iss, ...(error === '' ? {} : { error, code: '' }) };
        const good = error === '' ? 'signed in' : 'identityProvider.signInRefused';
        const outcome = await signIn().then(
          () => 'signed in',
          (error: unknown) => ConnectError.from(error).code,
        );
        assert.equal(outcome, isTaken ? good : 'identityProvider.responseInvalid');
        if (!isTaken || error !== '') assert.deepEqual(world.requests, []);
      }
    });
  }

  it('with another state is refused and sends nothing', async () => {
    const { signIn, world } = createRig();
    world.back = { state: 'x' };
    await assert.rejects(signIn(), { code: 'identityProvider.responseInvalid' });
    assert.deepEqual(world.requests, []);
  });
});

describe('an ID token', () => {
  const forgeries: Record<string, Forgery> = {
    'of another issuer': { claims: { iss: 'https://evil.example' } },
    'of this issuer with a slash': { claims: { iss: `${issuer}/` } },
    'for another client': { claims: { aud: 'other' } },
    'for us and another, issued to that one': {
      claims: { aud: ['vscode', 'other'], azp: 'other' },
    },
    'for several without saying to whom it was issued': { claims: { aud: ['vscode', 'other'] } },
    'issued to another client': { claims: { azp: 'other' } },
    'of another sign-in': { claims: { nonce: 'other' } },
    'without the nonce': { claims: { nonce: undefined } },
    'of another access token': { claims: { at_hash: atHash('other') } },
    'with an at_hash that is none': { claims: { at_hash: 1 } },
    'that has expired': { claims: { exp: nowSec - 3_600 } },
    'that is not valid yet': { claims: { nbf: nowSec + 3_600 } },
    'without a subject': { claims: { sub: undefined as unknown as string } },
    'signed by nobody': {
      idToken: `${base64url({ alg: 'none' })}.${base64url({ iss: issuer, aud: 'vscode' })}.`,
    },
    'signed with the public key as a secret': {
      header: { alg: 'HS256' },
      key: publicKeyAsSecret,
    },
    'signed by another key': { key: foreign.privateKey },
    'signed by a key nobody knows': { key: foreign.privateKey, header: { kid: 'k2' } },
    'that brings its own key': {
      key: foreign.privateKey,
      header: { jwk: foreignJwk, kid: 'k2' },
    },
    'that says where its key is': {
      key: foreign.privateKey,
      header: { jku: 'https://evil.example/jwks', kid: 'k2' },
    },
    'with a critical header nobody knows': { header: { crit: ['exp'], exp: 1 } },
    'that is none': { idToken: 'x' },
    'that is not there': { idToken: '' },
  };
  for (const [what, forgery] of Object.entries(forgeries)) {
    it(`${what} is refused`, async () => {
      const { signIn, world, asked } = createRig();
      world.forgery = forgery;
      await assert.rejects(signIn(), (error: { code: string }) => {
        const isMissing = what === 'that is not there';
        assert.match(
          error.code,
          isMissing ? /idTokenInvalid|responseInvalid/ : /^identityProvider\.idTokenInvalid$/,
        );
        return true;
      });
      assert.deepEqual(asked().slice(0, 1), ['/token']);
      assert.ok(
        asked()
          .slice(1)
          .every((path) => path === '/jwks'),
      );
      assert.ok(world.requests.every(({ url }) => url.startsWith(`${issuer}/`)));
    });
  }

  it('of the plain kind passes with azp and at_hash', async () => {
    const { signIn, world } = createRig();
    world.forgery = { claims: { azp: 'vscode', at_hash: atHash('a1') } };
    assert.equal((await signIn()).account.id, 'sub-1');
  });

  it('that only a wrong clock refuses is called that', async () => {
    const { signIn, world, clock } = createRig();
    world.forgery = { claims: { exp: nowSec - 900 } };
    world.date = new Date(clock.now() - 1_000_000);
    await assert.rejects(signIn(), {
      code: 'network.clockSkew',
      facts: {
        host: 'idp.example',
        systemCode: 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
        clockOffsetSec: 1000,
      },
    });
  });

  it('of a renewal passes the same checks', async () => {
    for (const claims of [{ azp: 'other' }, { at_hash: 'x' }, { aud: 'other' }, { sub: 'sub-2' }]) {
      const { client, world, signIn } = createRig();
      const { refreshToken, account } = await signIn();
      world.nonce = '';
      world.forgery = { claims };
      world.refreshToken = 'r2';
      const heard: string[] = [];
      const renewed = client.refresh(refreshToken!, account, (rotated) => {
        heard.push(rotated.reveal());
        return Promise.resolve();
      });
      await assert.rejects(renewed, {
        code: `identityProvider.${'sub' in claims ? 'accountMismatch' : 'idTokenInvalid'}`,
      });
      assert.deepEqual(heard, ['r2']);
    }
  });

  it('is verified with keys fetched once for all who ask', async () => {
    const { client, signIn, world, asked } = createRig();
    const { refreshToken, account } = await signIn();
    world.nonce = '';
    for (let turn = 0; turn < 3; turn++) {
      assert.ok(await client.refresh(refreshToken!, account, () => Promise.resolve()));
    }
    assert.equal(asked().filter((path) => path === '/jwks').length, 1);
    assert.equal(publicJwk.kid, 'k1');
  });
});
