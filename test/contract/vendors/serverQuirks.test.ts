// What MCP servers and those who guard them may do differently, vendor or not: the real core copes, or says
// what is wrong.
import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair } from 'jose';
import type { AuthorizationServerSetup, ServerSetup, Setup } from '../../../src/sandbox/setup.ts';
import type { Employee } from '../../support/employee.ts';
import { openVendorCompany, type ProfileChanges, type VendorCompany } from './vendorCompany.ts';

type Guard = Omit<AuthorizationServerSetup, 'id' | 'label'>;
type Server = Partial<Omit<ServerSetup, 'id' | 'label' | 'authorizationServer'>>;

const setupOf = (guard: Guard = {}, server: Server = {}): Setup => ({
  authorizationServers: [{ id: 'guard', label: 'Guard', ...guard }],
  servers: [
    { id: 'notes', label: 'Notes', authorizationServer: 'guard', scopes: ['notes'], ...server },
  ],
});

describe('MCP servers, quirk by quirk', function () {
  this.timeout(30_000);
  const open: VendorCompany[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });

  async function settled(
    setup: Setup,
    changes: ProfileChanges = {},
    more: { fetch?: typeof fetch } = {},
  ): Promise<{ at: VendorCompany; alice: Employee; ended: readonly unknown[] }> {
    const at = await openVendorCompany(setup);
    open.push(at);
    const alice = await at.settled('alice', changes, more);
    const { state, code } = at.ending(alice, 'notes');
    return { at, alice, ended: [state, code] };
  }
  const connected = ['connected', undefined];

  describe('the answer of an authorization server', () => {
    const fine: Record<string, Guard> = {
      'no expires_in': { answerHasExpiresIn: false },
      'no scope': { answerHasScope: false },
      'its own resource': { answerHasResource: true },
      'token_type BEARER': { answerTokenType: 'BEARER' },
      'token_type bearer': { answerTokenType: 'bearer' },
    };
    for (const [name, guard] of Object.entries(fine)) {
      it(`with ${name} connects`, async () => {
        assert.deepEqual((await settled(setupOf(guard))).ended, connected);
      });
    }

    it('with a refresh token: it is neither kept nor used', async () => {
      const given: string[] = [];
      const sent: string[] = [];
      const listening: typeof fetch = async (input, init) => {
        const body = init?.body;
        const form =
          body instanceof URLSearchParams || typeof body === 'string' ? String(body) : '';
        sent.push(form);
        const response = await fetch(input, init);
        if (form.includes('jwt-bearer')) {
          const answer = (await response.clone().json()) as { refresh_token?: string };
          given.push(answer.refresh_token ?? '');
        }
        return response;
      };
      const setup = setupOf({ answerRefreshToken: true, accessTokenSeconds: 120 });
      const { alice, ended } = await settled(setup, {}, { fetch: listening });
      assert.deepEqual(ended, connected);
      await alice.connections.reconnect('notes');
      await alice.until(() => alice.state('notes')?.kind === 'connected');
      assert.equal(given.length, 2);
      assert.equal(sent.filter((form) => form.includes('assertion=')).length, 2);
      const kept = [...alice.secrets.values(), ...sent].join('\n');
      for (const token of given) assert.ok(token !== '' && !kept.includes(token));
    });

    it('that grants nothing is not a connection', async () => {
      const { ended } = await settled(setupOf({ grantsNothing: true }));
      assert.deepEqual(ended, ['refusedByServer', 'redemption.nothingGranted']);
    });

    for (const replayAllowed of [true, false]) {
      it(`is asked for with a new ID-JAG each time, replay allowed: ${replayAllowed}`, async () => {
        const { at, alice } = await settled(setupOf({ replayAllowed }));
        await alice.connections.reconnect('notes');
        await alice.until(() => alice.state('notes')?.kind === 'connected');
        const legs = await at.ledger('exchange', 'redemption');
        assert.deepEqual(legs, [
          ...['exchange ok', 'redemption ok'],
          ...['exchange ok', 'redemption ok'],
        ]);
      });
    }

    const hostile: Record<string, readonly [NonNullable<Guard['tampering']>, string]> = {
      'more scopes than were asked for': ['answerMoreScopes', 'redemption.answerInvalid'],
      'another resource': ['answerOtherResource', 'redemption.answerInvalid'],
      'too much': ['answerOversized', 'redemption.answerInvalid'],
      'no JSON': ['answerNotJson', 'redemption.answerInvalid'],
      'a redirect': ['answerRedirects', 'network.captivePortal'],
      'no end': ['answerNeverEnds', 'redemption.unavailable'],
    };
    for (const [name, [tampering, code]] of Object.entries(hostile)) {
      it(`with ${name} is dropped`, async () => {
        const { at, ended } = await settled(setupOf({ tampering }));
        assert.equal(ended[1], code);
        assert.deepEqual(await at.ledger('mcp'), []);
      });
    }
  });

  describe('metadata', () => {
    const fine: Record<string, readonly [Guard, Server]> = {
      'of an issuer at the OpenID place, inserted': [
        { issuerPath: '/t1', metadataAt: 'openidInserted' },
        {},
      ],
      'of an issuer at the OpenID place, appended': [
        { issuerPath: '/t1', metadataAt: 'openidAppended' },
        {},
      ],
      'of a server below its root': [{}, { metadataAt: 'root', path: '/a/b/mcp' }],
      'of a server that sends no challenge': [{}, { challenges: false }],
      'of a server whose URL has a slash at its end': [{}, { path: '/mcp/' }],
      'of a server at the origin itself': [{}, { path: '/' }],
      'of a server with several authorization servers': [
        {},
        { otherAuthorizationServers: ['https://a.example', 'https://b.example/'] },
      ],
    };
    for (const [name, [guard, server]] of Object.entries(fine)) {
      it(`${name} is found`, async () => {
        assert.deepEqual((await settled(setupOf(guard, server))).ended, connected);
      });
    }

    it('of a server that publishes none: the profile can say it instead', async () => {
      const { at, ended } = await settled(setupOf({}, { metadataAt: 'nowhere' }));
      assert.deepEqual(ended, ['misconfigured', 'discovery.resourceMetadataMissing']);
      const { url: resource } = at.sandbox.line.servers[0]!;
      const alice = await at.settled('alice', { servers: { resource } });
      assert.equal(alice.state('notes')?.kind, 'connected');
    });

    const wrong: Record<string, readonly [Guard, Server, string]> = {
      'of an issuer that calls itself otherwise': [
        { claimsIssuer: 'https://honest.example' },
        {},
        'discovery.issuerMismatch',
      ],
      'of an issuer that is nowhere': [{ metadataAt: 'nowhere' }, {}, 'discovery.metadataMissing'],
      'of a server that claims to be another': [
        {},
        { resource: 'https://honest.example/mcp' },
        'discovery.resourceMismatch',
      ],
    };
    for (const [name, [guard, server, code]] of Object.entries(wrong)) {
      it(`${name} is refused before anything is sent`, async () => {
        const { at, ended } = await settled(setupOf(guard, server));
        assert.deepEqual(ended, ['misconfigured', code]);
        assert.deepEqual(await at.ledger('exchange', 'redemption', 'fallback'), []);
      });
    }
  });

  describe('a key instead of a secret', () => {
    const rules = { audience: 'tokenEndpoint', typRequired: true, longestLifeSec: 300 } as const;
    const guard: Guard = { clientAuthentication: ['private_key_jwt'], clientAssertion: rules };
    const typ = 'client-authentication+jwt';

    for (const [clientAssertion, ended] of [
      [{ audience: 'tokenEndpoint', typ }, connected],
      [{ audience: 'issuer', typ }, ['misconfigured', 'redemption.clientRefused']],
      [{ audience: 'tokenEndpoint' }, ['misconfigured', 'redemption.clientRefused']],
    ] as const) {
      it(`for ${clientAssertion.audience}, ${'typ' in clientAssertion ? 'with' : 'without'} type`, async () => {
        const at = await openVendorCompany(setupOf(guard));
        open.push(at);
        const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
        const [{ clients, id }] = at.sandbox.line.authorizationServers as [
          (typeof at.sandbox.line.authorizationServers)[number],
        ];
        await at.sandbox.admin.registerKey(id, clients[0]!.clientId, await exportJWK(publicKey));
        const clientKey = await exportJWK(privateKey);
        const alice = await at.settled('alice', { servers: { clientKey, clientAssertion } });
        const { state, code } = at.ending(alice, 'notes');
        assert.deepEqual([state, code], ended);
      });
    }
  });

  describe('access bound to a key of this computer', () => {
    for (const dpop of ['supported', 'required', 'nonce'] as const) {
      for (const asked of ['always', 'whenAsked'] as const) {
        it(`${dpop} everywhere, and the profile says ${asked}`, async () => {
          const atIdentityProvider = dpop === 'required' ? 'supported' : dpop;
          const setup: Setup = {
            identityProvider: { dpop: atIdentityProvider },
            ...setupOf({ dpop }, { dpop }),
          };
          const { ended } = await settled(setup, { servers: { dpop: asked } });
          assert.deepEqual(ended, connected);
        });
      }
    }

    it('is missed where the identity provider knows nothing of it', async () => {
      const setup = setupOf({ dpop: 'required' }, { dpop: 'required' });
      const { at, ended } = await settled(setup, { servers: { dpop: 'always' } });
      assert.deepEqual(ended, ['misconfigured', 'exchange.bindingMissing']);
      assert.deepEqual(await at.ledger('redemption', 'mcp'), []);
    });

    it('is missed where the authorization server forgets it', async () => {
      const setup = setupOf({ dpop: 'ignored' }, { dpop: 'required' });
      const { at, ended } = await settled({ ...setup, identityProvider: { dpop: 'supported' } });
      assert.deepEqual(ended, ['misconfigured', 'redemption.bindingMissing']);
      assert.deepEqual(await at.ledger('mcp'), []);
    });
  });

  it('an ID-JAG only the authorization server can read connects', async () => {
    const setup = { identityProvider: { encryptsIdJags: true }, ...setupOf() };
    assert.deepEqual((await settled(setup)).ended, connected);
  });

  for (const era of ['2025-06-18', '2025-11-25', '2026-07-28', 'both'] as const) {
    it(`protocol version ${era} connects and shows its tools`, async () => {
      const { alice, ended } = await settled(setupOf({}, { era }));
      assert.deepEqual(ended, connected);
      const { tools } = alice.connections.connection('notes')!.snapshot();
      assert.deepEqual(tools.map(({ name }) => name).sort(), ['add_note', 'list_notes']);
    });
  }

  it('a stronger sign-in for a server is asked for with what it demands', async () => {
    const { alice, ended } = await settled(setupOf({}, { stepUp: { acr: 'urn:acme:strong' } }));
    assert.deepEqual(ended, ['needsSignIn', 'server.stepUpRequired']);
    await alice.signIn();
    await alice.until(() => alice.state('notes')?.kind === 'connected');
    assert.match(alice.opened.at(-1) ?? '', /acr_values=urn%3Aacme%3Astrong/);
  });

  it('a clock that is wrong by ten minutes is named', async () => {
    const { ended } = await settled(setupOf({ clockOffsetSec: 600 }));
    assert.equal(ended[1], 'network.clockSkew');
  });

  for (const guards of [20, 1]) {
    it(`twenty servers with ${guards} authorization servers`, async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
      const guardOf = (index: number) => `g${guards === 1 ? 0 : index}`;
      const at = await openVendorCompany({
        authorizationServers: ids
          .slice(0, guards)
          .map((_, index) => ({ id: guardOf(index), label: guardOf(index) })),
        servers: ids.map((id, index) => ({
          ...{ id, label: id, scopes: ['notes'] },
          authorizationServer: guardOf(index),
        })),
      });
      open.push(at);
      const alice = await at.settled('alice');
      assert.deepEqual(
        ids.map((id) => alice.state(id)?.kind),
        ids.map(() => 'connected'),
      );
    });
  }
});
