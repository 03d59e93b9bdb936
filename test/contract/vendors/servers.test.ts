// One test per MCP server of the vendor table: its metadata, its quirks, our real core.
import assert from 'node:assert/strict';
import { loopback } from '../../support/httpBrowser.ts';
import { exportJWK, generateKeyPair } from 'jose';
import type { AuthorizationServerSetup, ServerSetup, Setup } from '../../../src/sandbox/setup.ts';
import type { Employee } from '../../support/employee.ts';
import {
  openVendorCompany,
  type Circumstances,
  type ProfileChanges,
  type VendorCompany,
} from './vendorCompany.ts';

const confidential = ['client_secret_basic', 'client_secret_post'] as const;

/** One server and who guards it. */
const vendor = (
  id: string,
  guard: Omit<AuthorizationServerSetup, 'id' | 'label'>,
  server: Omit<ServerSetup, 'id' | 'label' | 'authorizationServer'>,
): Setup => ({
  authorizationServers: [{ id, label: id, ...guard }],
  servers: [{ id, label: id, authorizationServer: id, people: ['alice', 'bob'], ...server }],
});

describe('MCP servers, vendor by vendor', function () {
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

  const idIn = ({ servers }: Setup) => servers?.[0]?.id ?? '';

  /** Signs alice in and expects her server to be connected, with these scopes. */
  async function connects(
    setup: Setup,
    changes: ProfileChanges = {},
    more: Circumstances = {},
  ): Promise<{ at: VendorCompany; alice: Employee }> {
    const at = await company(setup);
    const alice = await at.settled('alice', changes, more);
    assert.deepEqual(at.ending(alice, idIn(setup)), {
      state: 'connected',
      ...{ code: undefined, oauthError: undefined, status: undefined },
      ...{ remedy: undefined, sentence: undefined },
    });
    assert.deepEqual(await at.ledger('fallback'), []);
    return { at, alice };
  }

  async function refused(
    setup: Setup,
    changes: ProfileChanges = {},
    person = 'alice',
  ): Promise<{ at: VendorCompany; ending: ReturnType<VendorCompany['ending']> }> {
    const at = await company(setup);
    const employee = await at.settled(person, changes);
    assert.deepEqual(await at.ledger('fallback'), []);
    return { at, ending: at.ending(employee, idIn(setup)) };
  }

  function scopesOf(employee: Employee, id: string): readonly string[] {
    const state = employee.connections.connection(id)?.snapshot().state;
    return state?.kind === 'connected' ? state.scopes : [];
  }

  describe('Asana', () => {
    const asana = vendor(
      'asana',
      { tokenPath: '/-/oauth_token', clientAuthentication: confidential },
      { path: '/v2/mcp', metadataAt: 'custom', scopes: ['default'] },
    );

    for (const atServers of confidential) {
      it(`finds metadata only through the challenge, and proves itself by ${atServers}`, async () => {
        const { alice } = await connects(asana, { there: atServers, atServers });
        assert.deepEqual(scopesOf(alice, 'asana'), ['default']);
      });
    }

    it('takes no public client', async () => {
      const { ending } = await refused(asana, { servers: { clientAuthentication: 'none' } });
      assert.deepEqual([ending.state, ending.code], ['misconfigured', 'redemption.clientRefused']);
    });
  });

  describe('Atlassian', () => {
    const atlassian: Setup = {
      identityProvider: {
        clientAuthentication: ['none', 'private_key_jwt'],
        clientIdMetadataDocuments: true,
      },
      ...vendor(
        'atlassian',
        {
          issuerPath: '/VCeDsk8ZHncYF1g234fKtc4lNipbBhu3',
          tokenPath: '/oauth/token',
          clientAuthentication: ['none', ...confidential, 'private_key_jwt'],
          clientIdMetadataDocuments: true,
        },
        {
          path: '/v2/mcp',
          scopes: ['read:jira-work', 'write:jira-work', 'offline_access'],
        },
      ),
    };

    it('has an issuer with a path, and is asked for no scope that outlives the day', async () => {
      const bodies: string[] = [];
      const { alice } = await connects(atlassian, {}, { fetch: hearing(bodies) });
      assert.deepEqual(scopesOf(alice, 'atlassian'), ['read:jira-work', 'write:jira-work']);
      const legs = bodies.filter((body) => /token-exchange|jwt-bearer/.test(body));
      assert.equal(legs.length, 2);
      for (const body of legs) {
        assert.doesNotMatch(new URLSearchParams(body).get('scope') ?? '', /offline_access/);
      }
    });

    it('is another authorization server than the one at the bare origin', async () => {
      const at = await company(atlassian);
      const { issuer } = at.sandbox.line.authorizationServers[0]!;
      const authorizationServer = new URL(issuer).origin;
      const alice = await at.settled('alice', { servers: { authorizationServer } });
      assert.match(at.ending(alice, 'atlassian').code ?? '', /^discovery\./);
      assert.deepEqual(await at.ledger('exchange', 'redemption'), []);
    });

    it('reads our key in the document our client id points to', async () => {
      const at = await company(atlassian);
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      await at.sandbox.admin.registerKey('documents', 'desk', await exportJWK(publicKey));
      const client = {
        clientId: `${at.sandbox.line.admin.page}clients/desk.json`,
        clientAuthentication: 'private_key_jwt',
        clientKey: await exportJWK(privateKey),
      };
      const alice = await at.settled('alice', { identityProvider: client, servers: client });
      const { state, code } = at.ending(alice, 'atlassian');
      assert.deepEqual([state, code], ['connected', undefined]);
    });
  });

  it('Canva lists scopes at the server only', async () => {
    const canva = vendor(
      'canva',
      { advertisesScopes: false, clientIdMetadataDocuments: true },
      { scopes: ['design:content:read', 'design:meta:read', 'asset:read'] },
    );
    const { alice } = await connects(canva, { servers: { scopes: ['design:content:read'] } });
    assert.deepEqual(scopesOf(alice, 'canva'), ['design:content:read']);
  });

  describe('Figma', () => {
    const figma = vendor(
      'figma',
      { tokenPath: '/v1/oauth/token', clientAuthentication: confidential },
      {
        metadataAt: 'root',
        scopes: ['mcp:connect', 'file:read'],
        mandatoryScope: 'mcp:connect',
        challengeParameters: { authorization_uri: 'https://www.figma.com/oauth, "mcp"' },
      },
    );
    const by = { there: 'client_secret_post', atServers: 'client_secret_post' } as const;

    it('connects with the scope it insists on', async () => {
      await connects(figma, { ...by, servers: { scopes: ['mcp:connect'] } });
    });

    const tooLittle = { ...by, servers: { scopes: ['file:read'] } };

    it('names it in its challenge, and gets it where the profile does not', async () => {
      const { at, alice } = await connects(figma, tooLittle);
      assert.deepEqual([...scopesOf(alice, 'figma')].sort(), ['file:read', 'mcp:connect']);
      assert.equal((await at.ledger('redemption')).length, 2);
    });

    it('refuses without it, and is not asked for ever', async () => {
      const at = await company(figma);
      await at.sandbox.admin.grant('alice', 'figma', ['file:read']);
      const alice = await at.settled('alice', tooLittle);
      const { state, code } = at.ending(alice, 'figma');
      assert.deepEqual([state, code], ['refusedByServer', 'server.insufficientScope']);
      assert.ok((await at.ledger('redemption')).length <= 4);
    });
  });

  it('Granola has its token endpoint at a path of its own', async () => {
    await connects(vendor('granola', { tokenPath: '/oauth2/token' }, { scopes: ['mcp'] }));
  });

  describe('Linear', () => {
    const linear = (resource?: string) =>
      vendor(
        'linear',
        { advertisesProfile: false, clientAuthentication: ['none', ...confidential] },
        { scopes: ['read', 'write'], ...(resource === undefined ? {} : { resource }) },
      );

    for (const [name, resource] of [
      ['its URL', undefined],
      ['its origin', 'origin'],
    ] as const) {
      it(`calls itself by ${name}, and that exact text goes both ways`, async () => {
        const bodies: string[] = [];
        const { at } = await connects(linear(resource), {}, { fetch: hearing(bodies) });
        const { url } = at.sandbox.line.servers[0]!;
        const expected = resource === undefined ? url : new URL(url).origin;
        const sent = bodies.flatMap((body) => new URLSearchParams(body).getAll('resource'));
        assert.deepEqual(sent, [expected, expected]);
      });
    }

    it('calls itself by its origin, which a strict profile does not accept', async () => {
      const { at, ending } = await refused(linear('origin'), {
        servers: { resourceMatch: 'exact' },
      });
      assert.equal(ending.code, 'discovery.resourceMismatch');
      assert.deepEqual(await at.ledger('exchange'), []);
    });
  });

  describe('PostHog', () => {
    const scopes = ['user:read', 'organization:read', 'project:read'];
    const posthog = (guard: Omit<AuthorizationServerSetup, 'id' | 'label'> = {}): Setup =>
      vendor(
        'posthog',
        { resourceClaimRequired: true, accessTokenSeconds: 7200, ...guard },
        { scopes },
      );

    it('needs three scopes and gives two hours', async () => {
      const { alice } = await connects(posthog());
      assert.deepEqual(scopesOf(alice, 'posthog'), scopes);
      const { expiresAtMs = 0, copyWorksUntilMs = 0 } = alice.connections
        .connection('posthog')!
        .snapshot();
      assert.ok(Math.abs(copyWorksUntilMs - Date.now() - 7_200_000) < 60_000);
      // Given up before, by the cap of the profile.
      assert.ok(Math.abs(expiresAtMs - Date.now() - 1_800_000) < 60_000);
    });

    it('refuses an ID-JAG without resource', async () => {
      const { ending } = await refused({
        ...posthog(),
        identityProvider: { resourceClaim: false },
      });
      assert.deepEqual(
        [ending.state, ending.code, ending.oauthError, ending.remedy],
        ['refusedByServer', 'redemption.refused', 'invalid_grant', 'serverOwner'],
      );
    });

    it('knows people by the domain of their address only', async () => {
      await connects(posthog({ emailDomains: ['acme.example'] }));
      const { ending } = await refused(posthog({ emailDomains: ['acme.com'] }));
      assert.deepEqual([ending.code, ending.oauthError], ['redemption.refused', 'invalid_grant']);
      assert.equal(ending.remedy, 'serverOwner');
    });

    it('has a plan without this: access_denied with 403', async () => {
      const noLicence = { error: 'access_denied', status: 403 };
      const { at, ending } = await refused(posthog({ unlicensed: ['bob'], noLicence }), {}, 'bob');
      assert.deepEqual(
        [ending.state, ending.code, ending.oauthError, ending.status, ending.remedy],
        ['refusedByServer', 'redemption.denied', 'access_denied', 403, 'serverOwner'],
      );
      // A fresh grant would not help.
      assert.deepEqual(await at.ledger('redemption'), ['redemption denied']);
    });

    it('does not have us on its list', async () => {
      const { at, ending } = await refused(posthog(), {
        servers: { clientAuthentication: 'client_secret_post', clientSecret: 'unknown there' },
      });
      assert.deepEqual(
        [ending.state, ending.code, ending.oauthError],
        ['misconfigured', 'redemption.clientRefused', 'invalid_client'],
      );
      assert.equal((await at.ledger('redemption')).length, 1);
    });
  });

  describe('Slack', () => {
    const slack = (advertises: boolean) =>
      vendor(
        'slack',
        {
          tokenElsewhere: true,
          tokenPath: '/api/oauth.v2.user.access',
          clientAuthentication: ['client_secret_post'],
          advertisesGrant: advertises,
          advertisesProfile: advertises,
        },
        { resource: 'origin', scopes: ['search:read'] },
      );
    const changes = { there: 'client_secret_post', atServers: 'client_secret_post' } as const;

    it('does not take what the company vouches for yet, and is told nothing', async () => {
      const { at, ending } = await refused(slack(false), changes);
      assert.deepEqual(
        [ending.state, ending.code],
        ['misconfigured', 'discovery.enterpriseNotSupported'],
      );
      assert.deepEqual(await at.ledger('exchange', 'redemption'), []);
    });

    it('once it does: its token endpoint is on another origin', async () => {
      const { at } = await connects(slack(true), changes);
      assert.deepEqual(await at.ledger('redemption'), ['redemption ok']);
    });
  });

  describe('Supabase', () => {
    const supabase = vendor(
      'supabase',
      { interaction: { intervalSec: 1 }, replayAllowed: false },
      { scopes: ['projects:read'] },
    );

    it('wants an owner to approve first: shown, opened on a click, and then it works', async () => {
      const at = await company(supabase);
      const alice = await at.settled('alice');
      const { state, code, oauthError } = at.ending(alice, 'supabase');
      assert.deepEqual(
        [state, code, oauthError],
        ['needsSignIn', 'redemption.interactionRequired', 'interaction_required'],
      );
      const before = alice.opened.length;
      const done = alice.connections.continueInBrowser('supabase');
      while (alice.opened.length === before)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const page = await alice.browser.enterCode(alice.opened.at(-1)!, '', 'alice');
      assert.match(page.text, /Thank you/);
      await done;
      await alice.until(() => alice.state('supabase')?.kind === 'connected');
      // Approved once, for good.
      await alice.connections.reconnect('supabase');
      await alice.until(() => alice.state('supabase')?.kind === 'connected');
      assert.equal(alice.opened.length, before + 1);
    });

    it('is refused when the owner says no', async () => {
      const at = await company(supabase);
      const alice = await at.settled('alice');
      const before = alice.opened.length;
      const done = alice.connections.continueInBrowser('supabase');
      while (alice.opened.length === before)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await fetch(loopback(`${alice.opened.at(-1)!}/decline`), { method: 'POST' });
      await done;
      await alice.until(() => alice.state('supabase')?.kind === 'refusedByServer');
      assert.equal(at.ending(alice, 'supabase').code, 'redemption.denied');
    });
  });

  it('Notion, Datadog, Apify, Cloudflare, gram, Sentry: several guards, several schemes, own resource', async () => {
    const setup: Setup = {
      identityProvider: { resourceClaim: false },
      ...vendor(
        'notion',
        { resourceClaimRequired: false, answerHasResource: true },
        {
          scopes: ['mcp'],
          metadataAt: 'custom',
          otherAuthorizationServers: ['https://login.notion.example'],
          challengePrefix: 'Basic realm="Notion, \\"beta\\", Bearer x=\\"y\\"", Negotiate',
        },
      ),
    };
    await connects(setup);
  });

  /** Listens to what we send. */
  function hearing(bodies: string[]): typeof fetch {
    return (input, init) => {
      if (init?.body instanceof URLSearchParams || typeof init?.body === 'string') {
        bodies.push(init.body.toString());
      }
      return fetch(input, init);
    };
  }
});
