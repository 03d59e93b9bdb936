// The scenarios about an interactive sign-in, with their authorization server in the company's place.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClient, companySignIn, runAgainst, runScenario, type Change } from './suite.ts';

describe('MCP conformance of the company sign-in', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'conformance-sign-in-'));
  const bundle = join(folder, 'client.mjs');
  const client = `${bundle} ${companySignIn.flag}`;

  before(() => buildClient(bundle));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const scenarios: [scenario: string, least: number][] = [
    ['iss-supported', 11],
    ['iss-not-advertised', 11],
    ['token-endpoint-auth-basic', 13],
    ['token-endpoint-auth-post', 13],
    ['token-endpoint-auth-none', 12],
    ['offline-access-scope', 11],
    ['offline-access-not-supported', 11],
    ['basic-cimd', 12],
    ['pre-registration', 12],
  ];
  for (const [scenario, least] of scenarios) {
    it(`auth/${scenario}: signs in`, async () => {
      const what = ['--scenario', `auth/${scenario}`];
      const result = await runAgainst(companySignIn.expectedFailures, client, ...what);
      assert.ok(result.passed, result.output);
      assert.ok(result.checks >= least, `${result.checks} checks only`);
    });
  }

  const refusals: [scenario: string, code: string, least: number][] = [
    ['iss-supported-missing', 'identityProvider.responseInvalid', 6],
    ['iss-wrong-issuer', 'identityProvider.responseInvalid', 6],
    ['iss-unexpected', 'identityProvider.responseInvalid', 6],
    ['iss-normalized', 'identityProvider.responseInvalid', 6],
    ['metadata-issuer-mismatch', 'identityProvider.metadataInvalid', 3],
  ];
  for (const [scenario, code, least] of refusals) {
    it(`auth/${scenario}: ${code}`, async () => {
      const result = await runScenario(client, `auth/${scenario}`);
      assert.ok(result.passed, result.output);
      assert.match(result.output, new RegExp(`^${code} `, 'm'));
      assert.ok(result.checks >= least, `${result.checks} checks only`);
    });
  }

  const codeGrant = 'oauth.authorizationCodeGrant(client, cameBackTo, checks)';
  const mutations: [name: string, scenario: string, change: Omit<Change, 'file'>][] = [
    [
      'that believes every issuer in the redirect',
      'iss-wrong-issuer',
      {
        from: codeGrant,
        to: `(cameBackTo.searchParams.set('iss', metadata.issuer), ${codeGrant})`,
      },
    ],
    [
      'that compares issuers but for a trailing slash',
      'iss-normalized',
      {
        from: codeGrant,
        to: `(cameBackTo.searchParams.set('iss', String(cameBackTo.searchParams.get('iss')).replace(/\\/$/, '')), ${codeGrant})`,
      },
    ],
    [
      'without the proof of the code',
      'iss-supported',
      { from: 'pkceCodeVerifier, expectedState', to: 'expectedState' },
    ],
    [
      'with another code challenge',
      'iss-supported',
      { from: "code_challenge_method: 'S256'", to: "code_challenge_method: 'plain'" },
    ],
  ];
  for (const [name, scenario, change] of mutations) {
    it(`catches a core ${name}`, async () => {
      const mutant = join(folder, `${name.replaceAll(/\W+/g, '-')}.mjs`);
      await buildClient(mutant, { file: 'core/signIn/browserSignIn.ts', ...change });
      const result = await runScenario(`${mutant} ${companySignIn.flag}`, `auth/${scenario}`);
      assert.ok(!result.passed, 'the mutant passed');
      assert.doesNotMatch(result.output, /^bug /m, 'it failed for another reason');
    });
  }
});
