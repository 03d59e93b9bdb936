// The exchange of the real core at a real identity provider of the sandbox, one quirk each.
import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { createDiscovery } from '../../src/core/discovery/discovery.ts';
import { createDpopKeys } from '../../src/core/client/dpopKeys.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { createGuardedFetch, identityProviderParty } from '../../src/core/http/http.ts';
import { requestIdJag, type IdJagRequest } from '../../src/core/access/idJag.ts';
import { Secret } from '../../src/core/secret.ts';
import { systemClock as clock } from '../../src/node/systemClock.ts';
import type { IdentityProviderSetup } from '../../src/sandbox/setup.ts';
import { createEmployee } from './sandbox/employee.ts';
import {
  startVendorIdentityProvider,
  type VendorIdentityProvider,
} from './sandbox/vendorIdentityProvider.ts';

const resource = 'https://tickets.example/mcp';
const issuer = 'https://auth.tickets.example';
const scopes = ['tickets:read', 'tickets:write'];

describe('the exchange at an identity provider', () => {
  const open: VendorIdentityProvider[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.stop();
  });

  async function vendor(setup: IdentityProviderSetup, person = 'alice') {
    const at = await startVendorIdentityProvider(setup);
    open.push(at);
    const { idToken } = await createEmployee(at.line, 'none').signIn(person);
    const { signal } = new AbortController();
    const metadata = await createDiscovery({ fetch, clock }).identityProvider(
      at.line.identityProvider.issuer,
      signal,
    );
    const plain: IdJagRequest = {
      identityProvider: metadata,
      client: { clientId: 'enterprise-mcp', method: 'none' },
      subject: { token: new Secret(idToken), kind: 'idToken' },
      issuer,
      resource,
      sendResource: true,
      scopes,
      clientIdThere: 'enterprise-mcp-tickets',
    };
    const ask = (change: Partial<IdJagRequest> = {}) =>
      requestIdJag(
        { ...plain, ...change },
        { fetch: createGuardedFetch({ fetch, clock }, identityProviderParty), clock },
      );
    return { metadata, ask };
  }
  const codeOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'granted',
      (error: unknown) => ConnectError.from(error).code,
    );
  const dpopKey = (identityProvider: string) =>
    createDpopKeys().at(
      { identityProvider, authorizationServer: issuer },
      { get: () => Promise.resolve(undefined), store: async () => {}, delete: async () => {} },
    );

  it('gives an ID-JAG for exactly what was asked', async () => {
    const { ask } = await vendor({});
    const { assertion, scopes: granted, jtiHash } = await ask();
    const claims = decodeJwt(assertion.reveal());
    assert.deepEqual([claims.aud, claims['resource']], [issuer, resource]);
    assert.deepEqual([...granted].sort(), scopes);
    assert.match(jtiHash ?? '', /^[0-9a-f]{16}$/);
  });

  it('knows the server by an alias, and names its issuer in the ID-JAG', async () => {
    const audience = 'urn:acme:tickets';
    const { ask } = await vendor({ audienceAliases: { tickets: audience } });
    assert.equal(await codeOf(ask({ audience })), 'granted');
  });

  it('binds the ID-JAG to the key, with a nonce where one is wanted', async () => {
    for (const dpop of ['supported', 'nonce'] as const) {
      const { ask, metadata } = await vendor({ dpop });
      assert.ok(metadata.dpop_signing_alg_values_supported?.includes('ES256'));
      const proof = await dpopKey(metadata.issuer);
      const { assertion } = await ask({ proof });
      const { cnf } = decodeJwt(assertion.reveal()) as { cnf?: { jkt?: string } };
      assert.equal(cnf?.jkt, proof.thumbprint);
      assert.equal(await codeOf(ask({ proof })), 'granted');
    }
  });

  it('that takes the proof and binds nothing is not believed', async () => {
    const { ask, metadata } = await vendor({ dpop: 'ignored' });
    const proof = await dpopKey(metadata.issuer);
    assert.equal(await codeOf(ask({ proof })), 'exchange.bindingMissing');
    assert.equal(await codeOf(ask()), 'granted');
  });

  it('says what a stronger sign-in must reach', async () => {
    const { ask } = await vendor({ stepUp: { tickets: { acr: 'phr' } } });
    const error = ConnectError.from(await ask().catch((thrown: unknown) => thrown));
    assert.deepEqual([error.code, error.facts.acrValues], ['exchange.stepUpRequired', 'phr']);
    assert.ok(Math.abs(error.facts.clockOffsetSec ?? Infinity) <= 2);
  });

  const answers: [why: string, setup: IdentityProviderSetup, code: string][] = [
    ['writes the ID-JAG for its reader alone', { encryptsIdJags: true }, 'granted'],
    ['lists one audience', { audienceAsArray: true }, 'granted'],
    ['leaves the resource out', { resourceClaim: false }, 'granted'],
    ['names the resource in its answer', { answerHasResource: true }, 'granted'],
    [
      'says neither scope nor life',
      { answerHasScope: false, answerHasExpiresIn: false },
      'granted',
    ],
    ['spells the type its own way', { answerTokenType: 'n_a' }, 'granted'],
    ['grants less', { narrowsTo: ['tickets:read'] }, 'granted'],
    ['grants nothing', { narrowsTo: [] }, 'exchange.nothingGranted'],
    ['names the wrong audience', { tampering: 'idJagWrongAudience' }, 'exchange.answerInvalid'],
    ['names two audiences', { tampering: 'idJagTwoAudiences' }, 'exchange.answerInvalid'],
    ['names the wrong resource', { tampering: 'idJagWrongResource' }, 'exchange.answerInvalid'],
    ['gives the wrong type', { tampering: 'idJagWrongType' }, 'exchange.answerInvalid'],
    ['names the wrong client', { tampering: 'idJagWrongClient' }, 'exchange.answerInvalid'],
    ['gives a dead one', { tampering: 'idJagExpired' }, 'exchange.answerInvalid'],
    ['gives no JWT', { tampering: 'idJagNotAJwt' }, 'exchange.answerInvalid'],
    ['gives something else', { tampering: 'answerIssuedTokenTypeWrong' }, 'exchange.answerInvalid'],
    ['grants more', { tampering: 'answerMoreScopes' }, 'exchange.answerInvalid'],
  ];
  for (const [why, setup, code] of answers) {
    it(`that ${why}: ${code}`, async () => {
      const { ask } = await vendor(setup);
      assert.equal(await codeOf(ask()), code);
    });
  }

  it('says no in its own way', async () => {
    const refusals: [IdentityProviderSetup, string][] = [
      [{ notGranted: { error: 'access_denied', status: 403 } }, 'exchange.denied'],
      [{ notGranted: { error: 'invalid_target' } }, 'exchange.targetRefused'],
      [{ notGranted: { error: 'unauthorized_client', status: 401 } }, 'exchange.clientNotAllowed'],
    ];
    for (const [setup, code] of refusals) {
      const { ask } = await vendor(setup, 'bob');
      assert.equal(await codeOf(ask()), code);
    }
  });
});
