import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClient, runScenario } from './suite.ts';

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

  const mutations: [name: string, file: string, from: string, to: string][] = [
    [
      'audience = resource',
      'core/idJag.ts',
      'kind],\n    audience,\n',
      'kind],\n    audience: resource,\n',
    ],
    [
      'another resource',
      'core/idJag.ts',
      '    resource,\n    ...(scopes',
      '    resource: `${resource}/other`,\n    ...(scopes',
    ],
    [
      'the identity provider client at the authorization server',
      'core/accessRequest.ts',
      '    authorizationServer.issuer,\n    server,',
      '    authorizationServer.issuer,\n    request.identityProvider,',
    ],
    [
      'no client secret',
      'core/clientAuthentication.ts',
      "if (method === 'none') return",
      'if (method.length > 0) return',
    ],
    [
      'a wrong subject type',
      'core/idJag.ts',
      "idToken: 'urn:ietf:params:oauth:token-type:id_token'",
      "idToken: 'urn:ietf:params:oauth:token-type:access_token'",
    ],
    ['no resource', 'core/idJag.ts', '    resource,\n    ...(scopes', '    ...(scopes'],
    [
      'the ID token as assertion',
      'core/idJag.ts',
      'assertion: new Secret(answer.access_token)',
      'assertion: request.subject.token',
    ],
  ];
  for (const [name, file, from, to] of mutations) {
    it(`catches a core with ${name}`, async () => {
      const mutant = join(folder, `${name.replaceAll(/\W+/g, '-')}.mjs`);
      await buildClient(mutant, { file, from, to });
      const result = await runScenario(mutant, ema);
      assert.ok(!result.passed, 'the mutant passed');
      assert.doesNotMatch(result.output, /^bug /m, 'it failed for another reason');
    });
  }
});
