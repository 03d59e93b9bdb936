// Answers and what was found become an entry; the profile around it stays as it was.
import assert from 'node:assert/strict';
import type { ServerMetadata } from 'openid-client';
import {
  algorithmFor,
  issuerFrom,
  methodChoices,
  offeredScopes,
  problemWith,
  problemWithLabel,
} from '../../src/core/presets/answers.ts';
import { identityProviderPresets } from '../../src/core/presets/catalogue.ts';
import { identityProviderFindings, serverFindings } from '../../src/core/presets/findings.ts';
import type { lookUpResource } from '../../src/core/presets/lookUp.ts';
import { lookUpIdentityProvider } from '../../src/core/presets/lookUp.ts';
import {
  freeId,
  identityProviderEntry,
  profileStart,
  serverEntry,
  withEntry,
} from '../../src/core/presets/profileEdit.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { deviceKeyTexts } from '../../src/core/present/deviceKeyDocument.ts';
import { codeWords } from '../../src/core/present/codeWords.ts';
import { back, inTurn, type Question } from '../../src/vscode/questions.ts';

const metadata = (own: Partial<ServerMetadata> = {}): ServerMetadata => ({
  issuer: 'https://auth.example',
  ...own,
});
const okta = identityProviderPresets().find(({ id }) => id === 'okta');
const answers = {
  id: 'tickets',
  label: 'Tickets',
  url: 'https://tickets.example/mcp',
  identityProvider: 'acme',
  authorizationServer: 'https://auth.example',
  clientId: 'ours',
  clientAuthentication: 'client_secret_basic',
  scopes: ['tickets:read'],
} as const;
const acme = { id: 'acme', label: 'Acme', issuer: 'https://idp.example', clientId: 'ours' };
const isInvalid = (key: string) => (error: unknown) =>
  ConnectError.is(error, 'profile.invalid') && error.facts.key === key;

describe('what a person enters', () => {
  it('is checked by the rules of the profile', () => {
    assert.equal(problemWith('url', ' https://mcp.example/mcp '), undefined);
    assert.match(problemWith('url', 'http://mcp.example/mcp') ?? '', /^It must be an https URL/);
    assert.match(problemWith('url', 'https://u:p@mcp.example/mcp') ?? '', /https/);
    assert.match(problemWith('issuer', 'https://idp.example/?a') ?? '', /no query/);
    assert.match(problemWith('clientId', '   ') ?? '', /not be empty/);
    assert.match(problemWithLabel('tickets', ['Tickets']) ?? '', /name already/);
    assert.equal(problemWithLabel('Builds', ['Tickets']), undefined);
  });

  it('becomes the issuer of a domain, and of nothing else', () => {
    assert.equal(issuerFrom(okta, 'Acme.okta.com'), 'https://acme.okta.com');
    assert.equal(issuerFrom(okta, 'https://acme.okta.com/'), 'https://acme.okta.com');
    for (const wrong of [
      'acme',
      'acme.okta.com/oauth2/default',
      'a@b.okta.com',
      'a.com?x',
      '{domain}',
      '',
    ]) {
      assert.equal(issuerFrom(okta, wrong), undefined, wrong);
    }
    assert.equal(issuerFrom(undefined, 'https://idp.example/'), 'https://idp.example/');
  });

  it('gets an id nobody has', () => {
    assert.equal(freeId('Tickets', []), 'tickets');
    assert.equal(freeId('Tickets!', ['tickets', 'tickets-2']), 'tickets-3');
    assert.equal(freeId('Café 1', []), 'cafe-1');
    assert.equal(freeId('日本', ['entry']), 'entry-2');
    assert.match(freeId('x'.repeat(200), []), /^[a-z0-9-]{1,64}$/);
  });
});

describe('what both sides know', () => {
  it('chooses the ways to authenticate, the metadata before the catalogue', () => {
    const advertised = metadata({
      token_endpoint_auth_methods_supported: ['tls_client_auth', 'none', 'private_key_jwt'],
    });
    assert.deepEqual(methodChoices(okta, advertised), [
      { method: 'private_key_jwt', said: 'metadata' },
      { method: 'none', said: 'metadata' },
    ]);
    assert.deepEqual(
      methodChoices(okta, metadata()).map(({ method, said }) => `${method} ${said}`),
      [
        'private_key_jwt catalogue',
        'client_secret_basic catalogue',
        'client_secret_post catalogue',
      ],
    );
    assert.equal(methodChoices(undefined, undefined).length, 4);
  });

  it('chooses an algorithm only where the plain one is not taken', () => {
    const taking = (...algorithms: string[]) =>
      algorithmFor(metadata({ token_endpoint_auth_signing_alg_values_supported: algorithms }));
    assert.equal(taking('RS256', 'ES256'), undefined);
    assert.equal(taking('HS256', 'RS256'), 'RS256');
    assert.equal(algorithmFor(metadata()), undefined);
  });

  it('offers scopes, and none that belongs to the company sign-in or cannot be one', () => {
    assert.deepEqual(offeredScopes([], ['read', 'offline_access', 'a b', 'openid']), [
      { scope: 'read', picked: false },
    ]);
    assert.deepEqual(offeredScopes(['read'], ['read', 'admin']), [
      { scope: 'read', picked: true },
      { scope: 'admin', picked: false },
    ]);
  });
});

describe('adding to a profile', () => {
  const start = {
    organization: 'Acme',
    identityProviders: [acme],
    servers: [{ ...serverEntry(undefined, answers), note: 'unknown' }],
    limits: { checkIntervalMinutes: { default: 5 } },
    house: 'style',
  };

  it('creates the organization on first use', () => {
    const entry = identityProviderEntry(undefined, { ...acme, clientAuthentication: 'none' });
    assert.deepEqual(withEntry(undefined, 'identityProviders', entry, 'Acme'), {
      organization: 'Acme',
      identityProviders: [entry],
      servers: [],
    });
    assert.throws(() => withEntry({}, 'identityProviders', entry), isInvalid('organization'));
  });

  it('loses nothing that stood there, known or not', () => {
    const entry = serverEntry(undefined, { ...answers, id: 'builds', label: 'Builds' });
    const after = withEntry(start, 'servers', entry, 'Ignored');
    assert.deepEqual(after, { ...start, servers: [...start.servers, entry] });
    assert.equal(start.servers.length, 1);
  });

  it('writes nothing the profile would not take', () => {
    const taken = serverEntry(undefined, answers);
    const twice = { ...start, servers: [taken] };
    assert.throws(() => withEntry(twice, 'servers', taken), isInvalid('servers[1].id'));
    const foreign = serverEntry(undefined, { ...answers, identityProvider: 'other' });
    const empty = { ...start, servers: [] };
    assert.throws(
      () => withEntry(empty, 'servers', foreign),
      isInvalid('servers[0].identityProvider'),
    );
    assert.throws(
      () => withEntry({ ...start, servers: {} }, 'servers', taken),
      isInvalid('servers'),
    );
  });

  it('knows the names that are taken, of unusable entries too', () => {
    const { taken, identityProviders, organization } = profileStart(start);
    assert.deepEqual(taken.servers, { ids: ['tickets'], labels: ['Tickets'] });
    assert.deepEqual(
      identityProviders.map(({ id }) => id),
      ['acme'],
    );
    assert.equal(organization, 'Acme');
    assert.deepEqual(profileStart('x').taken.servers, { ids: [], labels: [] });
  });

  it('writes what cannot be learnt: the resource, a sign-in with codes, another algorithm', () => {
    const entry = serverEntry(undefined, {
      ...answers,
      clientAuthentication: 'private_key_jwt',
      algorithm: 'RS256',
      resource: answers.url,
    });
    assert.equal(entry['resource'], answers.url);
    assert.deepEqual(entry['clientAssertion'], { algorithm: 'RS256' });
    const provider = identityProviderEntry(undefined, {
      ...acme,
      clientAuthentication: 'none',
      deviceCodeOnly: true,
    });
    assert.equal(provider['signIn'], 'deviceCode');
  });
});

describe('what is shown before anything is written', () => {
  const resource = {
    metadata: {
      resource: 'https://tickets.example/mcp',
      authorizationServers: ['https://auth.example'],
      scopesSupported: ['tickets:read'],
    },
  } as unknown as Awaited<ReturnType<typeof lookUpResource>>;
  const offerOf = (own: Partial<ServerMetadata>) =>
    serverFindings({
      preset: undefined,
      resource,
      issuer: 'https://auth.example',
      authorizationServer: { metadata: metadata(own) },
    })[0];

  it('says whether the server takes the company sign-in', () => {
    const profile = 'urn:ietf:params:oauth:grant-profile:id-jag';
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    assert.equal(offerOf({ authorization_grant_profiles_supported: [profile] })?.kind, 'found');
    assert.equal(offerOf({ grant_types_supported: [grant] })?.kind, 'unclear');
    assert.equal(offerOf({ grant_types_supported: ['authorization_code'] })?.kind, 'missing');
  });

  it('names an authorization server that the server does not name', () => {
    const findings = serverFindings({
      preset: undefined,
      resource,
      issuer: 'https://other.example',
      authorizationServer: { metadata: metadata() },
    });
    const other = findings.find(({ label }) => label === 'Another authorization server');
    assert.equal(other?.kind, 'missing');
    assert.match(other.detail, /auth\.example/);
  });

  it('says what an identity provider does not promise', () => {
    const labelsOf = (own: Partial<ServerMetadata>) =>
      identityProviderFindings({
        preset: undefined,
        issuer: 'https://idp.example',
        metadata: { metadata: metadata(own) },
      }).map(({ kind, label }) => `${kind}: ${label}`);
    assert.ok(labelsOf({}).includes('missing: Does not promise PKCE'));
    const good = labelsOf({
      code_challenge_methods_supported: ['S256'],
      identity_chaining_requested_token_types_supported: [
        'urn:ietf:params:oauth:token-type:id-jag',
      ],
    });
    assert.deepEqual(good, ['found: Issuer', 'found: Issues grants for MCP servers']);
    assert.ok(okta !== undefined && okta.notes.length > 0);
    const known = identityProviderFindings({
      preset: okta,
      issuer: 'https://idp.example',
      metadata: { metadata: metadata() },
    });
    const there = known.filter(({ kind }) => kind === 'there').map(({ label }) => label);
    assert.deepEqual(there, okta.notes, 'not as if it had been found there');
  });

  it('takes an answer that failed for an answer, and giving up for giving up', async () => {
    const failing = (error: ConnectError) => ({
      identityProvider: () => Promise.reject(error),
    });
    const { signal } = new AbortController();
    const down = new ConnectError('identityProvider.unavailable', { host: 'idp.example' });
    assert.deepEqual(await lookUpIdentityProvider(failing(down), 'https://idp.example', signal), {
      failure: down,
    });
    const cancelled = new ConnectError('user.cancelled');
    await assert.rejects(
      lookUpIdentityProvider(failing(cancelled), 'https://idp.example', signal),
      cancelled,
    );
  });
});

describe('questions in turn', () => {
  const asking = (script: (string | typeof back)[], seen: string[]) => {
    const question =
      (name: string): Question<string> =>
      ({ step }) => {
        seen.push(`${name}${step}`);
        return Promise.resolve(script.shift() ?? '');
      };
    return inTurn(async (ask) => {
      const first = await ask(question('a'));
      const second = first === 'skip' ? '-' : await ask(question('b'));
      return [first, second, await ask(question('c'))];
    });
  };

  it('come back to the one before, whatever was not asked', async () => {
    const seen: string[] = [];
    assert.deepEqual(await asking(['1', '2', back, '3', back, back, 'skip', '4'], seen), [
      'skip',
      '-',
      '4',
    ]);
    assert.deepEqual(seen, ['a1', 'b2', 'c3', 'b2', 'c3', 'b2', 'a1', 'c2']);
  });

  it('end with what the flow throws', async () => {
    const wrong = new ConnectError('profile.invalid');
    await assert.rejects(
      inTurn(() => Promise.reject(wrong)),
      wrong,
    );
  });
});

describe('in words', () => {
  it('a code says where it goes and how long it is good for', () => {
    const code = {
      userCode: 'WDJB-MJHT',
      verificationUri: 'https://idp.example/device',
      expiresAtMs: 600_000,
    };
    assert.equal(codeWords(code, 0), 'Enter WDJB-MJHT at idp.example within 10 minutes.');
    assert.equal(codeWords(code, 500_000), 'Enter WDJB-MJHT at idp.example within 1 minute.');
    assert.equal(codeWords(code, 590_000), 'Enter WDJB-MJHT at idp.example within a minute.');
  });

  it('a device key is its public half only, whatever it is handed', () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'xx', y: 'yy', kid: 'k', d: 'PRIVATE', p: 'PRIVATE' };
    const owner = {
      kind: 'server',
      id: 'tickets',
      label: 'Tick\nets',
      clientId: 'ours',
      issuer: 'https://auth.example',
    } as const;
    const { key, keySet, document } = deviceKeyTexts(owner, jwk);
    const shown = { kty: 'EC', crv: 'P-256', x: 'xx', y: 'yy', kid: 'k' };
    assert.deepEqual(JSON.parse(key), shown);
    assert.deepEqual(JSON.parse(keySet), { keys: [shown] });
    assert.doesNotMatch(document, /PRIVATE/);
    const json = document.replace(/^\/\/.*\n/gm, '');
    assert.deepEqual(JSON.parse(json), { jwk: shown, jwks: { keys: [shown] } });
    assert.match(document, /Tick ets.*\n/);
    assert.match(document, /https:\/\/auth\.example/);
  });
});
