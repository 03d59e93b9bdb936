// What a person sends to an administrator after a real refusal: enough to find it in the logs of the other
// side, and nothing that could be used.
import assert from 'node:assert/strict';
import { connectionDetails } from '../../../src/core/present/adminDetails.ts';
import type { Employee } from '../../support/employee.ts';
import type { LedgerEntry } from '../../support/sandbox.ts';
import type { VendorCompany } from '../vendors/vendorCompany.ts';
import { createScene, type Company, type Scene } from './scene.ts';

describe('the details of a real refusal', function () {
  this.timeout(20_000);
  const world = {} as { scene: Scene };
  beforeEach(() => {
    world.scene = createScene();
  });
  afterEach(() => world.scene.close());

  /** Everything that was given out on the way, as somebody on the wire saw it. */
  async function refused(company: Company) {
    const given: string[] = [];
    const watching: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const text = init?.method === 'POST' ? await response.clone().text() : '';
      given.push(...[...text.matchAll(/"(?:\w+_token)":\s*"([^"]+)"/g)].map(([, one]) => one!));
      return response;
    };
    const { at, alice } = await world.scene.signedIn(company, {
      circumstances: { fetch: watching },
    });
    return { at, alice, given };
  }
  const details = ({ connections }: Employee) => {
    const versions = { extensionVersion: '1', vscodeVersion: '1', nowMs: Date.now() };
    const text = connectionDetails(connections.overview(), 'notes', versions) ?? '';
    return new Map(text.split('\n').map((line) => [line.split(': ')[0], line]));
  };
  const lastOf = async ({ sandbox }: VendorCompany, leg: LedgerEntry['leg']) =>
    (await sandbox.admin.ledger(0)).findLast((entry) => entry.leg === leg);

  for (const [leg, company, words] of [
    ['exchange', { server: { people: ['bob'] } }, 'token exchange at the identity provider'],
    [
      'redemption',
      { guard: { unlicensed: ['alice'], noLicence: { error: 'access_denied', status: 403 } } },
      'redemption at the authorization server',
    ],
  ] as const) {
    it(`at the ${leg} names all an administrator needs, and no credential`, async () => {
      const { at, alice, given } = await refused({
        ...company,
        // Authorization servers take no ID-JAG from the future.
        identityProvider: { clockOffsetSec: leg === 'exchange' ? 60 : 0 },
      });
      const lines = details(alice);
      const all = [...lines.values()].join('\n');
      const { identityProvider, servers } = at.sandbox.line;
      const [notes] = servers;
      const host = new URL(
        leg === 'exchange' ? identityProvider.issuer : notes!.authorizationServer,
      ).host;
      assert.match(lines.get('Leg') ?? '', new RegExp(words));
      assert.equal(lines.get('Host'), `Host: ${host}`);
      assert.equal(lines.get('OAuth error'), 'OAuth error: access_denied');
      const { requestId, status } = (await lastOf(at, leg))!;
      assert.equal(lines.get('Request id'), `Request id: ${requestId}`);
      assert.equal(lines.get('HTTP status'), `HTTP status: ${status}`);
      assert.equal(lines.get('Audience'), `Audience: ${notes!.authorizationServer}`);
      assert.equal(lines.get('Resource'), `Resource: ${notes!.url}`);
      assert.equal(lines.get('Scopes requested'), 'Scopes requested: notes:read notes:write');
      assert.match(lines.get('Failed at') ?? '', /: \d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.match(lines.get('Copied at') ?? '', /: \d{4}-\d\d-\d\dT[\d:.]+Z$/);
      const jtiHash = lines.get('ID-JAG jti (SHA-256, shortened)') ?? '';
      assert.equal(/: [0-9a-f]{16}$/.test(jtiHash), leg === 'redemption');
      const offset = leg === 'exchange' ? /: -(59|60|61)$/ : /: (-1|0|1)$/;
      assert.match(lines.get('Clock offset of this computer (s)') ?? '', offset);
      assert.ok(given.length >= 3, 'nothing was watched');
      for (const one of [...given, ...alice.secrets.values()]) assert.ok(!all.includes(one));
      assert.ok(!all.includes('alice'));
    });
  }
});
