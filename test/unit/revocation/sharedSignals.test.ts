import assert from 'node:assert/strict';
import { isAbout } from '../../../src/core/revocation/signal.ts';
import { createSigner, planned, signedWithSecret, unsigned } from './notices.ts';
import { alice, caep, createRig, issuer, typ, type Rig, type Signer } from './sharedSignalsRig.ts';

describe('shared signals', () => {
  let own: Signer;
  let foreign: Signer;
  let rig: Rig;
  before(async () => {
    own = await createSigner('ES256', 'ours');
    foreign = await createSigner('ES256', 'ours');
  });
  beforeEach(() => {
    rig = createRig(own);
  });
  afterEach(() => {
    rig.poll.dispose();
  });

  it('tells of a session that was revoked, once, and acknowledges it', async () => {
    await rig.put('one');
    await rig.poll.pollNow();
    assert.deepEqual(rig.signals, [
      {
        ...{ kind: 'sessionRevoked', id: 'one', atMs: rig.clock.now() },
        subject: { id: 'alice', issuer },
      },
    ]);
    const asked = { maxEvents: 100, returnImmediately: true };
    assert.deepEqual(rig.transmitter.polls, [
      { ...asked, ack: [], setErrs: {} },
      { ...asked, ack: ['one'], setErrs: {} },
    ]);
    assert.equal(rig.transmitter.pending.size, 0);
    assert.equal(rig.poll.problem, undefined);
    assert.equal(rig.poll.checkedAtMs, rig.clock.now());
    const [request] = rig.place.requests;
    const { method, redirect, headers } = request ?? {};
    assert.deepEqual([method, redirect], ['POST', 'manual']);
    assert.equal(new Headers(headers).get('authorization'), 'Bearer canary-credential');
    assert.doesNotMatch(rig.lines.join('\n'), /canary/);
  });

  it('knows three kinds and an account that was disabled, and takes note of the rest', async () => {
    const risc = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled';
    await rig.put('a', { events: { [`${caep}token-claims-change`]: {} } });
    await rig.put('b', { events: { [`${caep}credential-change`]: {} } });
    await rig.put('c', { events: { [risc]: {} } });
    await rig.put('d', { events: { [`${caep}device-compliance-change`]: {} } });
    await rig.put('e', { events: { toString: {}, [`${issuer}/own`]: 'x' }, sub_id: undefined });
    await rig.poll.pollNow();
    assert.deepEqual(
      rig.signals.map(({ id, kind }) => [id, kind]),
      [
        ['a', 'tokenClaimsChange'],
        ['b', 'credentialChange'],
        ['c', 'sessionRevoked'],
      ],
    );
    assert.deepEqual(rig.transmitter.polls[1]?.ack, ['a', 'b', 'c', 'd', 'e']);
    assert.equal(rig.poll.problem, undefined);
  });

  const event = { [`${caep}session-revoked`]: {} };
  const inEvent = (subject: object) => ({
    sub_id: undefined,
    events: { [`${caep}session-revoked`]: { subject } },
  });
  const subjects: Record<string, [claims: object, subject: object]> = {
    iss_sub: [{}, { id: 'alice', issuer }],
    'iss_sub of another issuer': [
      { sub_id: { ...alice, iss: 'https://other.example' } },
      { id: 'alice', issuer: 'https://other.example' },
    ],
    email: [{ sub_id: { format: 'email', email: 'a@b.example' } }, { email: 'a@b.example' }],
    opaque: [{ sub_id: { format: 'opaque', id: 'alice' } }, { id: 'alice', issuer }],
    complex: [
      { sub_id: { format: 'complex', user: alice, session: { format: 'opaque', id: 's' } } },
      { id: 'alice', issuer },
    ],
    'the older place, the older name': [
      inEvent({ subject_type: 'iss-sub', iss: issuer, sub: 'alice' }),
      { id: 'alice', issuer },
    ],
    'the older complex form': [inEvent({ user: alice }), { id: 'alice', issuer }],
  };
  for (const [name, [claims, subject]] of Object.entries(subjects)) {
    it(`reads whom it is about: ${name}`, async () => {
      await rig.put('one', claims as Record<string, unknown>);
      await rig.poll.pollNow();
      assert.deepEqual(
        rig.signals.map((signal) => signal.subject),
        [subject],
      );
    });
  }

  it('is about a person by account, by address only where no account is named', () => {
    const person = { id: 'alice', email: 'Alice@acme.example', issuer };
    const about = (subject: object, who = person) =>
      isAbout({ kind: 'sessionRevoked', id: 'x', atMs: 0, subject }, who);
    assert.ok(about({ id: 'alice', issuer }));
    assert.ok(!about({ id: 'alice', issuer: 'https://other.example' }));
    assert.ok(!about({ id: 'bob', issuer, email: 'alice@acme.example' }));
    assert.ok(about({ email: 'alice@ACME.example' }));
    assert.ok(!about({ email: 'bob@acme.example' }));
    assert.ok(!about({}));
    assert.ok(
      !isAbout(
        { kind: 'sessionRevoked', id: 'x', atMs: 0, subject: {} },
        { ...person, email: undefined },
      ),
    );
  });

  it('takes the time of the event, in seconds or milliseconds, never later than it was told', async () => {
    const sec = rig.nowSec();
    const at = (time: unknown) => ({
      events: { [`${caep}session-revoked`]: { event_timestamp: time } },
    });
    await rig.put('seconds', at(sec - 100));
    await rig.put('milliseconds', at((sec - 100) * 1000));
    await rig.put('future', at(sec + 9000));
    await rig.put('toe', { events: event, toe: sec - 50 });
    await rig.put('iat', { events: event, iat: sec - 20 });
    await rig.poll.pollNow();
    assert.deepEqual(
      rig.signals.map(({ atMs }) => atMs / 1000 - sec),
      [-100, -100, 0, -50, -20],
    );
  });

  it("cleans the administrator's words", async () => {
    const said = (reason: unknown) => ({
      events: { [`${caep}session-revoked`]: { reason_admin: reason } },
    });
    await rig.put('a', said({ de: 'Ende', en: 'Left\u202e the\n company' }));
    await rig.put('b', said('Lost laptop'));
    await rig.put('c', said(7));
    await rig.poll.pollNow();
    assert.deepEqual(
      rig.signals.map(({ reason }) => reason),
      ['Left the company', 'Lost laptop', undefined],
    );
  });

  const day = 86_400;
  const forged: Record<
    string,
    [err: string, description: RegExp, make: (at: Rig) => string | Promise<string>]
  > = {
    'a foreign signature': [
      'invalid_key',
      /not signed/,
      (at) => foreign.sign(at.claims('bad'), { typ }),
    ],
    'an unknown key id': [
      'invalid_key',
      /not signed/,
      (at) => own.sign(at.claims('bad'), { typ, kid: 'other' }),
    ],
    'a key it brings along': [
      'invalid_key',
      /not signed/,
      (at) => foreign.sign(at.claims('bad'), { typ, jwk: foreign.jwk }),
    ],
    'no signature': ['invalid_key', /not signed/, (at) => unsigned(at.claims('bad'), typ, 'ours')],
    'the public key as a secret': [
      'invalid_key',
      /not signed/,
      (at) => signedWithSecret(at.claims('bad'), own.publicPem, { typ, kid: 'ours' }),
    ],
    'another issuer': [
      'invalid_issuer',
      /another issuer/,
      (at) => own.sign(at.claims('bad', { iss: 'https://other.example' }), { typ }),
    ],
    'another audience': [
      'invalid_audience',
      /another audience/,
      (at) => own.sign(at.claims('bad', { aud: 'other' }), { typ }),
    ],
    'another type, an ID token say': [
      'invalid_request',
      /another type/,
      (at) => own.sign(at.claims('bad'), { typ: 'JWT' }),
    ],
    'the future': [
      'invalid_request',
      /future/,
      (at) => own.sign(at.claims('bad', { iat: at.nowSec() + 61 }), { typ }),
    ],
    'more than a week of age': [
      'invalid_request',
      /too old/,
      (at) => own.sign(at.claims('bad', { iat: at.nowSec() - 7 * day - 1 }), { typ }),
    ],
    'another name than it came under': [
      'invalid_request',
      /another name/,
      (at) => own.sign(at.claims('other'), { typ }),
    ],
    'no name': [
      'invalid_request',
      /no security event/,
      (at) => own.sign(at.claims('bad', { jti: undefined }), { typ }),
    ],
    'no events': [
      'invalid_request',
      /no security event/,
      (at) => own.sign(at.claims('bad', { events: undefined }), { typ }),
    ],
    'nobody it is about': [
      'invalid_request',
      /whom it is about/,
      (at) => own.sign(at.claims('bad', { sub_id: undefined }), { typ }),
    ],
    'somebody in a form we do not know': [
      'invalid_request',
      /whom it is about/,
      (at) => own.sign(at.claims('bad', { sub_id: { format: 'did', url: 'did:x' } }), { typ }),
    ],
    'plain text': ['invalid_key', /not signed/, () => 'Out of office'],
  };
  for (const [name, [err, description, make]] of Object.entries(forged)) {
    it(`refuses an event of ${name}: told to the transmitter, shown, nothing fires`, async () => {
      rig.transmitter.pending.set('bad', await make(rig));
      await rig.poll.pollNow();
      assert.deepEqual(rig.signals, []);
      const said = rig.transmitter.polls[1]?.setErrs['bad'];
      assert.equal(said?.err, err);
      assert.match(said.description, description);
      assert.deepEqual(rig.transmitter.polls[1]?.ack, []);
      assert.equal(rig.poll.problem?.code, 'organization.signalsInvalid');
      assert.match(rig.poll.problem.facts.reason ?? '', description);
      assert.equal(rig.heard.changes, 1);
      await rig.put('good');
      await rig.poll.pollNow();
      assert.equal(rig.signals.length, 1);
      assert.equal(rig.poll.problem, undefined);
      assert.equal(rig.heard.changes, 2);
    });
  }

  it('a forged event does not keep a genuine one of the same name from counting', async () => {
    rig.transmitter.pending.set('one', await foreign.sign(rig.claims('one'), { typ }));
    await rig.poll.pollNow();
    await rig.put('one');
    await rig.poll.pollNow();
    assert.equal(rig.signals.length, 1);
  });

  it('acts on a replayed event once, and acknowledges it again', async () => {
    await rig.put('one');
    const [set] = rig.transmitter.pending.values();
    await rig.poll.pollNow();
    rig.transmitter.pending.set('one', set ?? '');
    await rig.poll.pollNow();
    assert.equal(rig.signals.length, 1);
    assert.equal(rig.transmitter.pending.size, 0);
    assert.equal(rig.poll.problem, undefined);
  });

  it('says again what it took when the answer to that was lost', async () => {
    await rig.put('one');
    rig.place.answer = (init) => {
      rig.place.answer = () => Promise.reject(new TypeError('fetch failed'));
      return rig.transmitter.answer(init);
    };
    await rig.poll.pollNow();
    assert.equal(rig.transmitter.pending.size, 1);
    rig.place.answer = rig.transmitter.answer;
    await rig.poll.pollNow();
    assert.deepEqual(rig.transmitter.polls[1]?.ack, ['one']);
    assert.equal(rig.signals.length, 1);
    assert.equal(rig.transmitter.pending.size, 0);
  });

  it('takes all there is at once, but not without end', async () => {
    rig.transmitter.settings.perAnswer = 2;
    for (const id of ['a', 'b', 'c', 'd', 'e']) await rig.put(id);
    await rig.poll.pollNow();
    assert.equal(rig.signals.length, 5);
    assert.equal(rig.transmitter.polls.length, 4);
    const more = await own.sign(rig.claims('again'), { typ });
    const endless = { count: 0 };
    rig.place.answer = () => {
      endless.count++;
      return Response.json({ sets: { again: more }, moreAvailable: true });
    };
    await rig.poll.pollNow();
    assert.equal(endless.count, 20);
    assert.equal(rig.signals.length, 6);
  });

  it('polls every 60 s less or more by a fifth', async () => {
    for (const random of [0, 0.999999]) {
      const other = createRig(own, { random: () => random });
      await other.poll.pollNow();
      const [delayMs = 0] = other.clock.pending;
      assert.ok(delayMs >= 48_000 && delayMs <= 72_000);
      assert.ok(Math.abs(delayMs - 60_000 * (0.8 + 0.4 * random)) < 1);
      await other.clock.advance(72_000);
      await planned(other.clock);
      assert.equal(other.transmitter.polls.length, 2);
      other.poll.dispose();
      assert.deepEqual(other.clock.pending, []);
    }
  });

  it('backs off with full jitter, and recovers alone', async () => {
    const sequence = { at: 1 };
    const other = createRig(own, { random: () => sequence.at });
    other.place.answer = () => new Response('', { status: 503 });
    const ceilings: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      await other.poll.pollNow();
      ceilings.push((other.clock.pending[0] ?? 0) / 1000);
    }
    assert.deepEqual(ceilings, [120, 240, 480, 960, 960, 960]);
    sequence.at = 0;
    await other.poll.pollNow();
    assert.deepEqual(other.clock.pending, [15_000]);
    assert.equal(other.poll.problem, undefined, 'an outage is no fault of the signals');
    assert.equal(other.poll.checkedAtMs, undefined);
    other.place.answer = other.transmitter.answer;
    await other.put('one');
    await other.clock.advance(15_000);
    await planned(other.clock);
    assert.equal(other.signals.length, 1);
    assert.deepEqual(other.clock.pending, [48_000]);
    other.poll.dispose();
  });

  it('waits as long as the transmitter asks', async () => {
    rig.place.answer = () => new Response('', { status: 429, headers: { 'retry-after': '600' } });
    await rig.poll.pollNow();
    assert.deepEqual(rig.clock.pending, [630_000]);
  });

  it('shows a credential that is refused and an answer that is none', async () => {
    const answers: [Response, number][] = [
      [new Response('{}', { status: 401 }), 401],
      [new Response('{}', { status: 404 }), 404],
      [Response.json({ sets: ['x'] }), 200],
      [Response.json({ sets: { a: 1 } }), 200],
      [Response.json('x'), 200],
      [new Response('x'.repeat(1_100_000)), 0],
    ];
    for (const [answer, status] of answers) {
      rig.place.answer = () => answer;
      await rig.poll.pollNow();
      assert.equal(rig.poll.problem?.code, 'organization.signalsInvalid');
      assert.equal(rig.poll.problem.facts.status ?? 0, status);
      rig.place.answer = rig.transmitter.answer;
      await rig.poll.pollNow();
      assert.equal(rig.poll.problem, undefined);
    }
  });

  it('fires nothing after its end', async () => {
    await rig.put('one');
    rig.place.answer = (init) => {
      rig.poll.dispose();
      return rig.transmitter.answer(init);
    };
    await rig.poll.pollNow();
    assert.deepEqual(rig.signals, []);
    assert.deepEqual(rig.clock.pending, []);
    assert.equal(rig.transmitter.pending.size, 1, 'not acknowledged: another window may take it');
  });

  it('forgets the oldest of ten thousand names, not the newest', async function () {
    this.timeout(60_000);
    const seven = await createSigner('EdDSA', 'fast');
    const fast = createRig(seven);
    const sets = new Map<string, string>();
    for (let at = 0; at <= 10_000; at++) {
      sets.set(`n${at}`, await seven.sign(fast.claims(`n${at}`), { typ }));
    }
    for (const [id, set] of sets) fast.transmitter.pending.set(id, set);
    for (let poll = 0; poll < 6; poll++) await fast.poll.pollNow();
    assert.equal(fast.signals.length, 10_001);
    for (const id of ['n1', 'n10000']) fast.transmitter.pending.set(id, sets.get(id) ?? '');
    await fast.poll.pollNow();
    assert.equal(fast.signals.length, 10_001);
    fast.transmitter.pending.set('n0', sets.get('n0') ?? '');
    await fast.poll.pollNow();
    assert.equal(fast.signals.length, 10_002);
    fast.poll.dispose();
  });
});
