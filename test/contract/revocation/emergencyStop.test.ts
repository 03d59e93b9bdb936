import assert from 'node:assert/strict';
import type { EmergencyStopFeed } from '../../../src/core/revocation/emergencyStopFeed.ts';
import { endsSession, stopsServer } from '../../../src/core/revocation/stops.ts';
import { readProfile } from '../../../src/core/profile/profile.ts';
import { startCompany } from '../../support/company.ts';
import { eventually } from '../../support/eventually.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import { createPreferences } from '../../unit/revocation/notices.ts';
import { openFeed } from './notices.ts';

describe('emergency stop of a company', () => {
  let acme: Sandbox;
  let memory: ReturnType<typeof createPreferences>;
  let feed: EmergencyStopFeed;
  before(async () => {
    acme = await startCompany({ emergencyStop: true });
  });
  after(() => acme.stop());
  beforeEach(async () => {
    await acme.admin.reset();
    memory = createPreferences();
    feed = openFeed(acme, memory);
    await feed.start();
    assert.equal(feed.problem, undefined);
  });
  afterEach(() => {
    feed.dispose();
  });
  const stopped = (id: string) => feed.stops !== undefined && stopsServer(feed.stops, id);

  it("is in the administrator's profile, and in nobody else's", () => {
    const { profile, problems } = readProfile(acme.line.profile, 'settings');
    assert.equal(profile?.emergencyStop, undefined);
    assert.deepEqual(
      problems.map(({ key }) => key),
      ['emergencyStop'],
    );
  });

  it('stops a server, then all, then nothing any more', async () => {
    assert.deepEqual([stopped('docs'), stopped('tickets')], [false, false]);
    await acme.admin.stop({ servers: ['docs'] });
    await feed.checkNow();
    assert.deepEqual([stopped('docs'), stopped('tickets')], [true, false]);
    await acme.admin.stop({ all: true });
    await feed.checkNow();
    assert.deepEqual([stopped('docs'), stopped('tickets')], [true, true]);
    await acme.admin.stop({});
    await feed.checkNow();
    assert.deepEqual([stopped('docs'), stopped('tickets')], [false, false]);
    assert.equal(feed.problem, undefined);
  });

  it('ends the sign-ins of a person, not those made afterwards', async () => {
    const sinceMs = Date.now();
    await acme.admin.stop({ people: ['alice'] });
    await feed.checkNow();
    const { stops } = feed;
    assert.ok(stops !== undefined);
    assert.ok(endsSession(stops, { id: 'alice', sinceMs }));
    assert.ok(!endsSession(stops, { id: 'bob', sinceMs }));
    assert.ok(!endsSession(stops, { id: 'alice', sinceMs: sinceMs + 3000 }));
  });

  it('arrives with the next look, and a look without news takes no new list', async () => {
    feed.dispose();
    feed = openFeed(acme, createPreferences(), 0.1);
    await feed.start();
    const { stops, checkedAtMs = 0 } = feed;
    await eventually('two more looks', () => (feed.checkedAtMs ?? 0) > checkedAtMs + 200);
    assert.equal(feed.stops, stops);
    await acme.admin.stop({ servers: ['docs'] });
    await eventually('the stop', () => stopped('docs'), { withinMs: 1000, everyMs: 5 });
  });

  const refused = [
    'wrongSignature',
    'unknownKey',
    'embeddedKey',
    'unsigned',
    'publicKeyAsSecret',
    'wrongIssuer',
    'wrongAudience',
    'wrongType',
    'fromTheFuture',
    'notSigned',
    'rolledBack',
    'sameSequence',
    'expired',
    'oversized',
    'missing',
  ] as const;
  for (const serving of refused) {
    it(`${serving}: refused and shown, nothing closed by it, nothing opened`, async () => {
      await acme.admin.stop({ servers: ['docs'] });
      await feed.checkNow();
      await acme.admin.serveStop(serving, { all: true });
      await feed.checkNow();
      assert.equal(feed.problem?.code, 'organization.stopListInvalid');
      assert.ok((feed.problem.facts.reason ?? '') !== '');
      assert.deepEqual([stopped('docs'), stopped('tickets')], [true, false]);
      await acme.admin.serveStop(serving, { servers: [] });
      await feed.checkNow();
      assert.deepEqual([stopped('docs'), stopped('tickets')], [true, false]);
      const afresh = openFeed(acme, memory);
      await afresh.start();
      assert.deepEqual(afresh.stops?.servers, ['docs']);
      assert.equal(afresh.stops.all, false);
      assert.ok(afresh.problem !== undefined);
      afresh.dispose();
      await acme.admin.serveStop('genuine');
      await feed.checkNow();
      assert.equal(feed.problem, undefined);
    });
  }

  for (const serving of ['unreachable', 'redirected'] as const) {
    it(`${serving}: changes nothing, says nothing`, async () => {
      await acme.admin.stop({ servers: ['docs'] });
      await feed.checkNow();
      const { checkedAtMs } = feed;
      await acme.admin.serveStop(serving);
      await feed.checkNow();
      assert.equal(feed.problem, undefined);
      assert.equal(feed.checkedAtMs, checkedAtMs);
      assert.ok(stopped('docs'));
      const afresh = openFeed(acme, memory);
      await afresh.start();
      assert.deepEqual(afresh.stops?.servers, ['docs']);
      afresh.dispose();
    });
  }

  it('goes on although the list in force expired, and says so', async () => {
    await acme.admin.stop({ all: true, lifeSeconds: 1 });
    await feed.checkNow();
    const reason = () => feed.problem?.facts.reason ?? '';
    await eventually('the end of the list', () => reason() !== '', { withinMs: 3000 });
    assert.match(reason(), /expired/);
    await feed.checkNow();
    assert.match(reason(), /expired/);
    assert.ok(stopped('docs'));
  });
});
