import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClient, expectedFailures, runAgainst, runScenario, type Change } from './suite.ts';

const ema = 'auth/enterprise-managed-authorization';

describe('MCP conformance', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'conformance-client-'));
  const client = 'dist/conformance.mjs';

  before(() => buildClient(client));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const scenarios: [scenario: string, least: number, ...more: string[]][] = [
    [ema, 8],
    [ema, 7, '--spec-version', '2026-07-28', '--force'],
    ['auth/wif-jwt-bearer', 7],
    ['auth/pre-registration', 7],
  ];
  for (const [scenario, least, ...more] of scenarios) {
    it(`${scenario} ${more.slice(0, 2).join(' ')}`, async () => {
      const result = await runScenario(client, scenario, ...more);
      assert.ok(result.passed, result.output);
      assert.ok(result.checks >= least, `${result.checks} checks only`);
    });
  }

  const refusals: [scenario: string, code: string][] = [
    ['auth/resource-mismatch', 'discovery.resourceMismatch'],
    ['auth/metadata-issuer-mismatch', 'discovery.issuerMismatch'],
  ];
  for (const [scenario, code] of refusals) {
    it(`${scenario}: refused before anything reaches the identity provider`, async () => {
      const result = await runScenario(client, scenario);
      assert.ok(result.passed, result.output);
      assert.match(result.output, new RegExp(`^${code} `, 'm'));
      assert.match(result.output, /^identity provider requests: 0$/m);
    });
  }

  it('the suite about authorization: all but the checks of 13 scenarios that need no such leg', async () => {
    const result = await runAgainst(expectedFailures, client, '--suite', 'auth');
    assert.ok(result.passed, result.output);
    assert.ok(result.checks >= 100, `${result.checks} checks only`);
    const names = /client:([^]*)/.exec(readFileSync(expectedFailures, 'utf8'))?.[1] ?? '';
    const scenarios = new Set([...names.matchAll(/- (auth\/[\w-]+)/g)].map(([, name]) => name));
    assert.equal([...scenarios].filter((name) => !name?.startsWith('auth/dpop')).length, 13);
  });

  for (const [scenario, least] of [
    ['auth/dpop', 5],
    ['auth/dpop-nonce', 6],
  ] as const) {
    it(`${scenario}: bound access, but for what counts authorization codes`, async () => {
      const result = await runAgainst(expectedFailures, client, '--scenario', scenario);
      assert.ok(result.passed, result.output);
      assert.ok(result.checks >= least, `${result.checks} checks only`);
    });
  }

  const idJag = 'core/access/idJag.ts';
  const resource = '        resource: request.sendResource ? resource : undefined,\n';
  const mutations: [name: string, change: Change, scenario?: string][] = [
    [
      'audience = resource',
      {
        file: idJag,
        from: `        audience,\n${resource}`,
        to: `audience: resource,\n${resource}`,
      },
    ],
    ['another resource', { file: idJag, from: resource, to: 'resource: `${resource}/other`,\n' }],
    ['no resource', { file: idJag, from: resource, to: '' }],
    [
      'the identity provider client at the authorization server',
      {
        file: 'core/access/accessRequest.ts',
        from: 'registrationAt(authorizationServer.issuer, server,',
        to: 'registrationAt(authorizationServer.issuer, request.identityProvider,',
      },
    ],
    [
      'no client secret',
      {
        file: 'core/client/clientAuthentication.ts',
        from: 'return clientSecretBasic(registration.clientId, registration.secret)',
        to: 'return oauth.None()',
      },
    ],
    [
      'a wrong subject type',
      {
        file: idJag,
        from: "idToken: 'urn:ietf:params:oauth:token-type:id_token'",
        to: "idToken: 'urn:ietf:params:oauth:token-type:access_token'",
      },
    ],
    [
      'the ID token as assertion',
      {
        file: idJag,
        from: 'assertion: new Secret(answer.access_token)',
        to: 'assertion: request.subject.token',
      },
    ],
    [
      'one proof for every request',
      {
        file: 'core/access/dpopToken.ts',
        from: '.setJti(crypto.randomUUID())',
        to: ".setJti('the same')",
      },
      'auth/dpop',
    ],
    [
      'bound access sent as Bearer',
      { file: 'core/access/dpopToken.ts', from: '`DPoP ${secret', to: '`Bearer ${secret' },
      'auth/dpop',
    ],
    [
      'no second try for a nonce',
      { file: 'core/access/dpopToken.ts', from: 'return status === 401 &&', to: 'return false &&' },
      'auth/dpop-nonce',
    ],
  ];
  for (const [name, change, scenario = ema] of mutations) {
    it(`catches a core with ${name}`, async () => {
      const mutant = join(folder, `${name.replaceAll(/\W+/g, '-')}.mjs`);
      await buildClient(mutant, change);
      const result = await runAgainst(expectedFailures, mutant, '--scenario', scenario);
      assert.ok(!result.passed, 'the mutant passed');
      assert.doesNotMatch(result.output, /^bug /m, 'it failed for another reason');
    });
  }
});
