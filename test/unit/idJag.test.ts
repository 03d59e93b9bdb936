import assert from 'node:assert/strict';
import type { Prove } from '../../src/core/access/idJag.ts';
import { Secret } from '../../src/core/secret.ts';
import { clock, codeOf, factsOf, idJag, issuer, refused, resource, run } from './legsRig.ts';

describe('asking for an ID-JAG', () => {
  it('names the server, the authorization server and the scopes, byte for byte', async () => {
    const legs = run({ scopes: ['read', 'write'] });
    await legs.access;
    assert.deepEqual(Object.fromEntries(legs.exchanges[0]?.form ?? []), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      subject_token: 'id',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: issuer,
      resource,
      scope: 'read write',
      client_id: 'here',
    });
    const { form } = legs.redemptions[0] ?? assert.fail();
    assert.equal(form.get('resource'), resource);
    assert.equal(form.get('scope'), 'read write');
    assert.equal(legs.redemptions.length, 1);
  });

  it('sends the alias of the audience, and takes only a grant for the issuer', async () => {
    const server = { audience: 'urn:acme:tickets' };
    const legs = run({ server });
    await legs.access;
    assert.equal(legs.exchanges[0]?.form.get('audience'), 'urn:acme:tickets');
    const forAlias = run({ server, exchange: { access_token: idJag({ aud: server.audience }) } });
    assert.equal(await codeOf(forAlias), 'exchange.answerInvalid');
    assert.equal(forAlias.redemptions.length, 0);
  });

  it('leaves the resource out of both legs where the profile says so', async () => {
    const legs = run({ server: { sendResource: false } });
    await legs.access;
    assert.equal(legs.exchanges[0]?.form.has('resource'), false);
    assert.equal(legs.redemptions[0]?.form.has('resource'), false);
  });

  it('never asks for offline_access', async () => {
    const legs = run({ scopes: ['offline_access', 'read'] });
    await legs.access;
    assert.equal(legs.exchanges[0]?.form.get('scope'), 'read');
    assert.equal(legs.redemptions[0]?.form.get('scope'), 'read');
    const only = run({ scopes: ['offline_access'] });
    await only.access;
    assert.equal(only.exchanges[0]?.form.has('scope'), false);
  });
});

describe('an ID-JAG', () => {
  const exchanged = (claims: object, header = {}) =>
    run({ exchange: { access_token: idJag({ ...claims }, header) } });

  it('is sent on when everything fits', async () => {
    for (const claims of [
      {},
      { aud: [issuer] },
      { resource: [resource] },
      { resource: undefined },
    ]) {
      assert.equal(await codeOf(exchanged(claims)), 'granted', JSON.stringify(claims));
    }
    assert.equal(await codeOf(exchanged({}, { typ: 'OAUTH-ID-JAG+JWT' })), 'granted');
  });

  const nowSec = clock.now() / 1000;
  const wrong: [why: string, claims: object, header?: object][] = [
    ['two audiences', { aud: [issuer, 'https://other.example'] }],
    ['another audience', { aud: 'https://other.example' }],
    ['the issuer with a slash', { aud: `${issuer}/` }],
    ['another resource', { resource: 'https://other.example/mcp' }],
    ['more resources', { resource: [resource, 'https://other.example/mcp'] }],
    ['another client', { client_id: 'here' }],
    ['no client', { client_id: undefined }],
    ['an end in the past', { exp: nowSec - 61 }],
    ['no end', { exp: undefined }],
    ['a beginning in the future', { iat: nowSec + 61 }],
    ['a beginning that is no time', { iat: 'soon' }],
    ['another type', {}, { typ: 'JWT' }],
    ['no type', {}, { typ: undefined }],
  ];
  for (const [why, claims, header] of wrong) {
    it(`with ${why} goes nowhere`, async () => {
      const legs = exchanged(claims, header);
      assert.equal(await codeOf(legs), 'exchange.answerInvalid');
      assert.equal(legs.redemptions.length, 0);
    });
  }

  it('that is no JWT goes nowhere, one that only the server can read goes on', async () => {
    assert.equal(
      await codeOf(run({ exchange: { access_token: 'x.y' } })),
      'exchange.answerInvalid',
    );
    assert.equal(await codeOf(run({ exchange: { access_token: 'a.b.c.d.e' } })), 'granted');
  });

  it('must be what was asked for', async () => {
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    assert.equal(
      await codeOf(run({ exchange: { issued_token_type: type } })),
      'exchange.answerInvalid',
    );
  });

  it('of a wrong time is the clock, where the clocks differ', async () => {
    const answer = (claims: object) =>
      run({
        exchange: () =>
          Response.json(
            {
              access_token: idJag({ ...claims }),
              token_type: 'N_A',
              issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
            },
            { headers: { date: new Date(clock.now() - 600_000).toUTCString() } },
          ),
      });
    const skewed = answer({ exp: nowSec - 300 });
    assert.equal(await codeOf(skewed), 'network.clockSkew');
    assert.equal((await factsOf(skewed)).clockOffsetSec, 600);
    assert.equal(await codeOf(answer({ aud: 'https://other.example' })), 'exchange.answerInvalid');
  });

  it('agrees with the resource that the answer names', async () => {
    const answers: [resource: unknown, code: string][] = [
      [resource, 'granted'],
      [[resource], 'granted'],
      [[], 'exchange.answerInvalid'],
      ['', 'exchange.answerInvalid'],
      [[resource, resource], 'exchange.answerInvalid'],
      [[resource, 'https://other.example/mcp'], 'exchange.answerInvalid'],
      ['https://other.example/mcp', 'exchange.answerInvalid'],
    ];
    for (const [named, code] of answers) {
      assert.equal(await codeOf(run({ exchange: { resource: named } })), code, String(named));
    }
    const access_token = idJag({ resource: undefined });
    assert.equal(
      await codeOf(run({ exchange: { access_token, resource } })),
      'exchange.answerInvalid',
    );
  });

  it('replaces a refresh token only where one was shown', async () => {
    const kept: string[] = [];
    const onRotated = (token: Secret) => Promise.resolve(void kept.push(token.reveal()));
    const answer = { refresh_token: 'rt-2', access_token: 'not a grant' };
    const subject = { token: new Secret('s'), onRotated } as const;
    await codeOf(run({ exchange: answer, subject: { ...subject, kind: 'idToken' } }));
    assert.deepEqual(kept, []);
    // Also when the rest of the answer is refused.
    await codeOf(run({ exchange: answer, subject: { ...subject, kind: 'refreshToken' } }));
    assert.deepEqual(kept, ['rt-2']);
  });
});

describe('the identity provider that does not know ID-JAGs', () => {
  const prove: Prove = async (ask) => {
    const subject = { token: new Secret('s'), kind: 'idToken' } as const;
    await ask(subject).catch(() => undefined);
    return ask(subject);
  };

  it('says so by refusing two subjects in the same words', async () => {
    assert.equal(
      await codeOf(run({ exchange: refused('invalid_request'), prove })),
      'exchange.notSupported',
    );
    const once = run({ exchange: refused('invalid_request') });
    assert.equal(await codeOf(once), 'identityProvider.signInAgain');
    const other = [refused('invalid_request'), refused('invalid_grant')];
    assert.equal(await codeOf(run({ exchange: other, prove })), 'identityProvider.signInAgain');
  });

  it('says so by the parameter it complains about, or by the grant', async () => {
    const about = { error_description: "'requested_token_type' is invalid." };
    for (const exchange of [refused('invalid_request', about), refused('unsupported_grant_type')]) {
      assert.equal(await codeOf(run({ exchange })), 'exchange.notSupported');
    }
  });
});
