// One test per identity provider of the vendor table: its metadata, its quirks, our real core.
import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair } from 'jose';
import type { IdentityProviderSetup, Setup } from '../../../src/sandbox/setup.ts';
import type { Employee } from '../../support/employee.ts';
import { openVendorCompany, type ProfileChanges, type VendorCompany } from './vendorCompany.ts';

describe('identity providers, vendor by vendor', function () {
  this.timeout(30_000);
  const open: VendorCompany[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });
  const company = async (setup: Setup) => {
    const one = await openVendorCompany(setup);
    open.push(one);
    return one;
  };
  const stateOf = (employee: Employee, id: string) => employee.state(id)?.kind;

  /** A key of this device, in the administrator's file and registered for the client `-key`. */
  async function withKey(at: VendorCompany, style: object): Promise<ProfileChanges> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    at.sandbox.registerKey('enterprise-mcp-key', await exportJWK(publicKey));
    const clientKey = await exportJWK(privateKey);
    return {
      there: 'private_key_jwt',
      identityProvider: { clientKey, clientAssertion: style },
    };
  }

  describe('Okta XAA', () => {
    const okta: IdentityProviderSetup = {
      clientAuthentication: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      clientAssertion: { audience: 'tokenEndpoint', longestLifeSec: 3600 },
      scopeMandatory: true,
      notGranted: { error: 'access_denied', status: 403 },
      scopeNotGranted: { error: 'unauthorized_client', status: 403 },
      answerHasScope: false,
    };

    it('org server: an assertion for its token endpoint, 300 s, no scope in the answer', async () => {
      const at = await company({ identityProvider: okta });
      const changes = await withKey(at, { audience: 'tokenEndpoint' });
      const alice = await at.settled('alice', { ...changes, only: ['tickets', 'docs'] });
      assert.deepEqual(
        ['tickets', 'docs'].map((id) => at.ending(alice, id).code ?? stateOf(alice, id)),
        ['connected', 'connected'],
      );
    });

    it('org server: an ID-JAG without resource', async () => {
      const at = await company({
        identityProvider: { ...okta, resourceClaim: false },
        authorizationServers: [{ id: 'docs', label: 'Docs', resourceClaimRequired: false }],
        servers: [docs],
      });
      const alice = await at.settled('alice', {
        there: 'client_secret_basic',
        atServers: 'client_secret_basic',
      });
      assert.equal(at.ending(alice, 'docs').code ?? stateOf(alice, 'docs'), 'connected');
    });

    it('org server: a scope that is not in the connection, and nobody assigned', async () => {
      const at = await company({ identityProvider: okta });
      const alice = await at.settled('alice', {
        there: 'client_secret_basic',
        only: ['docs'],
        servers: { scopes: ['docs:read', 'docs:admin'] },
      });
      assert.deepEqual(at.ending(alice, 'docs'), {
        state: 'misconfigured',
        code: 'exchange.clientNotAllowed',
        oauthError: 'unauthorized_client',
        status: 403,
        remedy: 'identityAdmin',
        sentence:
          'Acme does not allow this app to connect to Docs; ask an administrator at Acme to allow it.',
      });
      const bob = await at.settled('bob', { there: 'client_secret_basic', only: ['tickets'] });
      const { state, code, status } = at.ending(bob, 'tickets');
      assert.deepEqual([state, code, status], ['notGranted', 'exchange.denied', 403]);
      assert.deepEqual(await at.ledger('redemption'), []);
    });

    it('a custom authorization server knows no ID-JAG', async () => {
      const at = await company({
        identityProvider: {
          ...okta,
          issuerPath: '/oauth2/default',
          issuesIdJags: false,
          advertisesIdJags: false,
          refusal: {
            error: 'invalid_request',
            description: 'requested_token_type is invalid or unsupported',
          },
        },
      });
      await knowsNoIdJag(at, 'client_secret_basic');
    });
  });

  /** Signs people in, and then it is told as what it is; nothing goes to the server. */
  async function knowsNoIdJag(
    at: VendorCompany,
    there: NonNullable<ProfileChanges['there']>,
  ): Promise<void> {
    const alice = await at.settled('alice', { there, only: ['docs'] });
    assert.equal(alice.connections.overview().people[0]?.session.kind, 'signedIn');
    const { state, code, remedy, sentence } = at.ending(alice, 'docs');
    assert.deepEqual(
      [state, code, remedy],
      ['misconfigured', 'exchange.notSupported', 'identityAdmin'],
    );
    assert.match(sentence ?? '', /does not give out access to servers/);
    assert.deepEqual(await at.ledger('redemption'), []);
    assert.ok((await at.ledger('exchange')).length <= 2);
  }

  it('Microsoft Entra signs people in but issues no ID-JAGs', async () => {
    const at = await company({
      identityProvider: {
        issuerPath: '/8d3c4f4e-0000-4000-8000-000000000000/v2.0',
        issuesIdJags: false,
        advertisesIdJags: false,
        advertisesPkce: true,
        refusal: { error: 'unsupported_grant_type', description: 'AADSTS70003' },
        claims: { tid: '8d3c4f4e-0000-4000-8000-000000000000' },
      },
    });
    await knowsNoIdJag(at, 'none');
  });

  it('Google signs people in but issues no ID-JAGs', async () => {
    const at = await company({
      identityProvider: {
        clientAuthentication: ['client_secret_post'],
        issuesIdJags: false,
        advertisesIdJags: false,
        refusal: { error: 'unsupported_grant_type', description: 'Invalid grant_type' },
        claims: { hd: 'acme.example' },
      },
    });
    await knowsNoIdJag(at, 'client_secret_post');
  });

  describe('Ping', () => {
    const ping: IdentityProviderSetup = {
      clientAuthentication: ['private_key_jwt'],
      clientAssertion: { audience: 'issuer', typRequired: true },
      subjectTokens: ['refreshToken'],
      subjectError: 'invalid_request',
    };
    const style = { audience: 'issuer', typ: 'client-authentication+jwt' };

    for (const [subjectToken, refusals] of [
      ['auto', 1],
      ['refreshToken', 0],
    ] as const) {
      it(`PingFederate takes refresh tokens only; the profile says ${subjectToken}`, async () => {
        const at = await company({ identityProvider: ping });
        const changes = await withKey(at, style);
        const identityProvider = { ...changes.identityProvider, subjectToken };
        const alice = await at.settled('alice', { ...changes, identityProvider, only: ['docs'] });
        assert.equal(at.ending(alice, 'docs').code ?? stateOf(alice, 'docs'), 'connected');
        const answers = await at.ledger('exchange');
        const refused = answers.filter((one) => one === 'exchange denied');
        assert.deepEqual([refused.length, answers.length], [refusals, refusals + 1]);
      });
    }

    it('PingFederate refuses an assertion without its type', async () => {
      const at = await company({ identityProvider: ping });
      const alice = await at.employee('alice', await withKey(at, { audience: 'issuer' }));
      await assert.rejects(alice.signIn(), { code: 'identityProvider.clientRefused' });
    });
  });

  const docs = {
    id: 'docs',
    label: 'Docs',
    authorizationServer: 'docs',
    scopes: ['docs:read'],
    people: ['alice', 'bob'],
  };
  const accepting = (own: Partial<NonNullable<Setup['authorizationServers']>[number]>): Setup => ({
    authorizationServers: [{ id: 'docs', label: 'Docs', ...own }],
    servers: [docs],
  });
  const connects = async (setup: Setup, changes: ProfileChanges = {}) => {
    const at = await company(setup);
    const alice = await at.settled('alice', { only: ['docs'], ...changes });
    assert.equal(at.ending(alice, 'docs').code ?? stateOf(alice, 'docs'), 'connected');
    return { at, alice };
  };
  const confidential = ['client_secret_basic', 'client_secret_post'] as const;

  describe('Keycloak', () => {
    const realm = accepting({
      issuerPath: '/realms/acme',
      metadataAt: 'openidAppended',
      clientAuthentication: confidential,
      longestIdJagSec: 300,
      replayAllowed: false,
    });

    it('accepts from a confidential client what lives no more than 300 s, once', async () => {
      await connects(realm, { atServers: 'client_secret_basic' });
    });

    it('refuses what lives longer', async () => {
      const at = await company({ ...realm, identityProvider: { idJagSeconds: 600 } });
      const alice = await at.settled('alice', { atServers: 'client_secret_basic' });
      const { state, code, remedy } = at.ending(alice, 'docs');
      assert.deepEqual(
        [state, code, remedy],
        ['refusedByServer', 'redemption.refused', 'serverOwner'],
      );
    });
  });

  it('Auth0 has an issuer with a trailing slash and allows an ID-JAG twice, which we never do', async () => {
    const { at, alice } = await connects(accepting({ issuerPath: '/', replayAllowed: true }));
    await alice.connections.reconnect('docs');
    await alice.until(() => stateOf(alice, 'docs') === 'connected');
    const answers = await at.ledger('exchange', 'redemption');
    const exchanges = answers.filter((one) => one.startsWith('exchange')).length;
    assert.equal(answers.length, exchanges * 2);
  });

  it('Descope issues by policy below a project path and accepts its own', async () => {
    const setup: Setup = {
      identityProvider: {
        issuerPath: '/P2abcDEF',
        notGranted: { error: 'access_denied', status: 403 },
      },
      ...accepting({ issuerPath: '/P2abcDEF' }),
    };
    const { at } = await connects(setup);
    const carol = await at.settled('carol');
    const { state, code, remedy } = at.ending(carol, 'docs');
    assert.deepEqual([state, code, remedy], ['notGranted', 'exchange.denied', 'identityAdmin']);
  });

  describe('Stytch', () => {
    const stytch = accepting({
      clientAuthentication: confidential,
      accessTokenSeconds: 3600,
      unlicensed: ['bob'],
      noLicence: { error: 'invalid_grant' },
    });

    it('accepts confidential clients', async () => {
      const { at } = await connects(stytch, { atServers: 'client_secret_basic' });
      const bob = await at.settled('bob', { atServers: 'client_secret_basic' });
      const { state, code } = at.ending(bob, 'docs');
      assert.deepEqual([state, code], ['refusedByServer', 'redemption.refused']);
    });

    it('accepts no public client', async () => {
      const at = await company(stytch);
      const alice = await at.settled('alice', { servers: { clientAuthentication: 'none' } });
      const { state, code, remedy } = at.ending(alice, 'docs');
      assert.deepEqual(
        [state, code, remedy],
        ['misconfigured', 'redemption.clientRefused', 'identityAdmin'],
      );
    });
  });

  it('WorkOS accepts in environments where it is switched on, and says so', async () => {
    await connects(accepting({ advertisesProfile: true }));
    const at = await company(accepting({ advertisesProfile: false, advertisesGrant: false }));
    const alice = await at.settled('alice');
    assert.equal(at.ending(alice, 'docs').code, 'discovery.enterpriseNotSupported');
    assert.deepEqual(await at.ledger('exchange', 'redemption'), []);
  });

  it('Scalekit documents nothing: the grant alone is enough to try', async () => {
    await connects(accepting({ advertisesProfile: false, advertisesGrant: true }));
  });

  it('Oracle, Janssen, Athenz, Gravitee, ThunderID: the newest draft, an array, an alias, a tenant', async () => {
    const setup: Setup = {
      identityProvider: {
        answerHasResource: true,
        answerTokenType: 'n_a',
        answerHasExpiresIn: false,
        audienceAsArray: true,
        audienceAliases: { docs: 'urn:acme:docs' },
        tenant: 'acme',
        rotatesInExchange: true,
        subjectTokens: ['refreshToken'],
        subjectError: 'invalid_grant',
      },
      ...accepting({ answerHasResource: true, answerTokenType: 'BEARER' }),
    };
    const { at, alice } = await connects(setup, {
      identityProvider: { subjectToken: 'refreshToken' },
      servers: { audience: 'urn:acme:docs' },
    });
    // Each exchange replaced the refresh token; using an old one would have ended the sign-in.
    await alice.connections.reconnect('docs');
    await alice.until(() => stateOf(alice, 'docs') === 'connected');
    assert.ok((await at.ledger('exchange')).every((one) => one === 'exchange ok'));
  });
});
