import assert from 'node:assert/strict';
import { readProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';

const identityProvider = {
  id: 'acme',
  label: 'Acme',
  issuer: 'https://login.acme.example',
  clientId: 'vscode',
};
const server = {
  id: 'tickets',
  label: 'Tickets',
  url: 'https://tickets.example/mcp',
  identityProvider: 'acme',
  authorizationServer: 'https://auth.tickets.example',
  clientId: 'vscode-tickets',
  scopes: ['read'],
};
const whole = (change: object = {}, serverChange: object = {}, idpChange: object = {}) => ({
  organization: 'Acme',
  identityProviders: [{ ...identityProvider, ...idpChange }],
  servers: [
    { ...server, ...serverChange },
    { ...server, id: 'docs', label: 'Docs' },
  ],
  ...change,
});
const problemsOf = (raw: unknown, source: 'settings' | 'managed' = 'settings') =>
  readProfile(raw, source).problems.map(({ key, reason }) => `${key}: ${reason}`);

describe('organization profile', () => {
  it('reads a whole profile with its defaults', () => {
    const { profile, problems } = readProfile(whole(), 'settings');
    assert.deepEqual(problems, []);
    assert.deepEqual(profile?.checkInterval, { default: 15, min: 1, max: 60 });
    assert.deepEqual(profile.identityProviders[0], {
      ...identityProvider,
      clientAuthentication: 'none',
      clientSecret: undefined,
      clientKey: undefined,
      clientAssertion: { audience: 'issuer', typ: undefined, algorithm: 'ES256' },
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      maxRequests: 4,
      refreshGraceSec: 0,
      subjectToken: 'auto',
      signIn: 'browser',
      sharedSignals: undefined,
      accounts: { emailDomains: [], hostedDomain: undefined, tenant: undefined },
      pkceUnadvertised: false,
    });
    assert.deepEqual(
      profile.servers.map(({ id }) => id),
      ['tickets', 'docs'],
    );
  });

  const mistakes: [string, object, string][] = [
    ['http elsewhere', { url: 'http://tickets.example/mcp' }, 'servers[0].url'],
    ['a URL with a password', { url: 'https://a:b@tickets.example/mcp' }, 'servers[0].url'],
    ['a fragment', { url: 'https://tickets.example/mcp#x' }, 'servers[0].url'],
    ['no URL at all', { url: 'tickets' }, 'servers[0].url'],
    [
      'an issuer with a query',
      { authorizationServer: 'https://a.example?x' },
      'servers[0].authorizationServer',
    ],
    ['a missing pin', { authorizationServer: undefined }, 'servers[0].authorizationServer'],
    [
      'an unknown key',
      { authorisationServer: 'https://a.example' },
      'servers[0].authorisationServer',
    ],
    ['an unknown method', { clientAuthentication: 'magic' }, 'servers[0].clientAuthentication'],
    ['a scope with a space', { scopes: ['read write'] }, 'servers[0].scopes[0]'],
    ['an id for a path', { id: '../x' }, 'servers[0].id'],
    ['a foreign identity provider', { identityProvider: 'other' }, 'servers[0].identityProvider'],
  ];
  for (const [name, change, key] of mistakes) {
    it(`names ${name} and keeps the other server`, () => {
      const { profile, problems } = readProfile(whole({}, change), 'settings');
      assert.deepEqual(
        problems.map((problem) => problem.key),
        [key],
      );
      assert.ok(problems[0]!.reason.length > 5);
      assert.deepEqual(
        profile?.servers.map(({ id }) => id),
        ['docs'],
      );
    });
  }

  it('allows http on this computer only', () => {
    for (const host of ['127.0.0.1:4411', 'localhost', '[::1]:1', '127.9.9.9']) {
      assert.deepEqual(problemsOf(whole({}, { url: `http://${host}/mcp` })), [], host);
    }
    const elsewhere = ['127.0.0.1.nip.io', 'localhost.evil.example', '128.0.0.1', '0.0.0.0'];
    // A resolver may say anything about a name below localhost.
    for (const host of [...elsewhere, 'acme.localhost', 'localhost.']) {
      assert.equal(problemsOf(whole({}, { url: `http://${host}/mcp` })).length, 1, host);
    }
  });

  it('refuses two servers of one name', () => {
    assert.deepEqual(problemsOf(whole({}, { id: 'docs' })), ['servers[1].id: stands twice']);
    assert.deepEqual(problemsOf(whole({}, { label: 'docs' })), ['servers[1].label: stands twice']);
  });

  it('takes client secrets from the administrator, never from settings', () => {
    const raw = whole({}, { clientSecret: 'canary', clientAuthentication: 'client_secret_basic' });
    assert.deepEqual(problemsOf(raw), [
      'servers[0].clientSecret: is never read from settings; run "Store Client Secret…" instead',
    ]);
    const { profile, problems } = readProfile(raw, 'managed');
    assert.deepEqual(problems, []);
    assert.ok(profile?.servers[0]?.clientSecret?.equals(new Secret('canary')));
    assert.doesNotMatch(JSON.stringify(profile), /canary/);
  });

  it('loses the servers of a bad identity provider, and says why', () => {
    assert.deepEqual(problemsOf(whole({}, {}, { issuer: 'http://login.acme.example' })), [
      'identityProviders[0].issuer: must be an https URL (http only for this computer)',
      'servers[0].identityProvider: names no usable identity provider',
      'servers[1].identityProvider: names no usable identity provider',
    ]);
  });

  const badLimits: [limits: unknown, problem: string][] = [
    [
      { checkIntervalMinutes: { min: 20, default: 15, max: 30 } },
      'limits.checkIntervalMinutes: must have min <= default <= max',
    ],
    [{ checkIntervalMinutes: { max: 90 } }, 'limits.checkIntervalMinutes.max: must be at most 60'],
    [{ checkInterval: 5 }, 'limits.checkInterval: is not a known key'],
    [5, 'limits: must be an object'],
  ];
  for (const [limits, problem] of badLimits) {
    it(`has the usual limits where those given are bad: ${problem}`, () => {
      const { profile, problems } = readProfile(whole({ limits }), 'settings');
      assert.deepEqual(
        problems.map(({ key, reason }) => `${key}: ${reason}`),
        [problem],
      );
      assert.deepEqual(profile?.checkInterval, { default: 15, min: 1, max: 60 });
      assert.equal(profile.servers.length, 2);
    });
  }

  it('names every unknown key and goes on without it', () => {
    const raw = JSON.parse(
      JSON.stringify(whole({ $schema: 'x', constructor: 1 })).replace('{', '{"__proto__":{},'),
    ) as unknown;
    assert.deepEqual(problemsOf(raw).sort(), [
      '$schema: is not a known key',
      '__proto__: is not a known key',
      'constructor: is not a known key',
    ]);
    assert.equal(readProfile(raw, 'settings').profile?.servers.length, 2);
  });

  it('does without nothing else at the top', () => {
    for (const key of ['organization', 'identityProviders', 'servers']) {
      const { profile, problems } = readProfile(whole({ [key]: undefined }), 'settings');
      assert.deepEqual([profile, problems.map((one) => one.key)], [undefined, [key]]);
    }
  });

  it('survives anything', () => {
    for (const raw of [null, 3, 'x', [], { servers: {} }, { organization: [] }]) {
      const { profile, problems } = readProfile(raw, 'settings');
      assert.equal(profile, undefined);
      assert.ok(problems.length > 0);
    }
  });
});
