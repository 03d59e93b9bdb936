// Outage is not removal: whatever keeps an answer from coming, wherever and whenever, access and sign-in are
// kept, nobody is told that they were taken away, and all is well again without a click.
import assert from 'node:assert/strict';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import { kinds, Outage, parties, type Kind, type PartyName } from './outage.ts';
import { beginWorkday, server, type Workday } from './workday.ts';

const ofRemoval =
  /remov|revok|not granted|signed out|sign in(?! to the network)|denied|refus|turned off|set up correctly/i;
const pastTheCheckMs = 16 * 60_000;
const recoveryMs = 15_000;

describe('an outage', function () {
  this.timeout(40_000);
  const world = {} as {
    sandbox: Sandbox;
    outage: Outage;
    /** SecretStorage, which outlives every window. */
    secrets: Map<string, string>;
    day: Workday | undefined;
    since: number;
  };

  before(async () => {
    world.sandbox = await startSandbox();
    world.outage = new Outage(world.sandbox, server);
    world.secrets = new Map();
  });
  after(() => world.sandbox.stop());

  async function endDay(): Promise<void> {
    await world.day?.dispose();
    world.day = undefined;
  }

  /** Signed in, by hand where nothing is kept. */
  async function begin(): Promise<Workday> {
    const day = await beginWorkday(world.sandbox, world.outage, world.secrets);
    world.day = day;
    if (world.secrets.size === 0) await day.employee.signIn();
    return day;
  }

  async function wellDay(): Promise<Workday> {
    if (world.day?.isConfirmed() === true && (await world.day.call()).ok) return world.day;
    await endDay();
    const day = await begin();
    await day.employee.until(() => day.isConfirmed());
    assert.ok((await day.call()).ok);
    return day;
  }

  async function mark(): Promise<void> {
    world.since = (await world.sandbox.admin.state()).ledger.last;
  }

  async function nothingWasLost(day: Workday, told: string, at: PartyName, kept: string) {
    assert.doesNotMatch(told, ofRemoval);
    const legs = (await world.sandbox.admin.ledger(world.since)).map(({ leg }) => leg);
    assert.ok(
      !legs.some((leg) => ['revocation', 'endSession', 'signIn'].includes(leg)),
      legs.join(),
    );
    const secrets = JSON.stringify([...world.secrets]);
    // Where the identity provider answers, a refresh token may have been rotated, but none was lost.
    if (at === 'identityProvider') assert.equal(secrets, kept);
    else assert.match(secrets, /refreshToken/);
    const [person] = day.employee.connections.overview().people;
    assert.equal(person?.session.kind, 'signedIn');
  }

  async function recovers(day: Workday): Promise<void> {
    await world.outage.end();
    await day.employee.until(() => day.isConfirmed(), recoveryMs);
    const { ok, words } = await day.call();
    assert.ok(ok, words);
    assert.match(JSON.stringify([...world.secrets]), /refreshToken/);
  }

  afterEach(() => world.outage.end());
  after(endDay);

  const everywhere = (name: string, run: (kind: Kind, at: PartyName) => Promise<void>) => {
    for (const at of parties) {
      for (const kind of kinds) it(`${name}: ${kind} at ${at}`, () => run(kind, at));
    }
  };

  describe('at first connect', () => {
    before(wellDay);
    afterEach(endDay);

    everywhere('waits and connects', async (kind, at) => {
      await endDay();
      const kept = JSON.stringify([...world.secrets]);
      await mark();
      await world.outage.begin(kind, at);
      const day = await begin();
      const kindNow = () => day.employee.state(server)?.kind ?? '';
      await day.employee.until(() => !['', 'signedOut', 'connecting'].includes(kindNow()));
      const isAnswer = !['no DNS', 'no TLS', 'an HTML page'].includes(kind);
      const isPaused = at === 'identityProvider' && isAnswer;
      assert.equal(kindNow(), isPaused ? 'paused' : 'unreachable');
      await nothingWasLost(day, day.words(), at, kept);
      assert.equal(day.employee.opened.length, 0);
      await recovers(day);
      assert.equal(day.employee.opened.length, 0);
    });
  });

  describe('at renewal', () => {
    everywhere('lives on, says so, and is confirmed', async (kind, at) => {
      const day = await wellDay();
      const opened = day.employee.opened.length;
      const kept = JSON.stringify([...world.secrets]);
      await mark();
      await world.outage.begin(kind, at);
      await day.employee.connections.checkNow();
      assert.equal(day.employee.state(server)?.kind, 'connected');
      assert.equal(day.isConfirmed(), at === 'mcpServer');
      assert.ok(day.employee.connections.holds(server), 'access is kept');
      const told = at === 'mcpServer' ? { ok: true, words: '' } : await day.call();
      assert.ok(told.ok, told.words);
      await nothingWasLost(day, day.words(), at, kept);
      await recovers(day);
      assert.equal(day.employee.opened.length, opened);
    });
  });

  describe('at use', () => {
    everywhere('lives on, and is confirmed', async (kind, at) => {
      const day = await wellDay();
      const opened = day.employee.opened.length;
      const kept = JSON.stringify([...world.secrets]);
      await mark();
      await world.outage.begin(kind, at);
      day.clock.skip(pastTheCheckMs);
      const told = await day.call();
      assert.equal(told.ok, at !== 'mcpServer', told.words);
      assert.doesNotMatch(told.words, ofRemoval);
      assert.equal(day.employee.state(server)?.kind, 'connected');
      // Of a silent party the call does not wait to hear the end.
      await day.employee.until(() => day.isConfirmed() === (at === 'mcpServer'));
      assert.ok(day.employee.connections.holds(server), 'access is kept');
      await nothingWasLost(day, day.words(), at, kept);
      await recovers(day);
      assert.equal(day.employee.opened.length, opened);
    });
  });
});
