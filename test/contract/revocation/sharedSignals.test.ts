import assert from 'node:assert/strict';
import { isAbout } from '../../../src/core/revocation/signal.ts';
import { Secret } from '../../../src/core/secret.ts';
import { startCompany } from '../../support/company.ts';
import { eventually } from '../../support/eventually.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import { openPoll } from './notices.ts';

describe('shared signals of a company', () => {
  let acme: Sandbox;
  let opened: ReturnType<typeof openPoll>;
  before(async () => {
    acme = await startCompany({ sharedSignals: true });
  });
  after(() => acme.stop());
  beforeEach(async () => {
    await acme.admin.reset();
    opened = openPoll(acme);
  });
  afterEach(() => {
    opened.poll.dispose();
  });
  const poll = () => opened.poll.pollNow();
  const alice = () => ({
    id: 'alice',
    email: 'alice@acme.example',
    issuer: acme.line.identityProvider.issuer,
  });

  it('arrive with one look, are acted on once and acknowledged', async () => {
    const from = Date.now();
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice', reason: 'Left' });
    await acme.admin.signal({ kind: 'tokenClaimsChange', person: 'bob' });
    await acme.admin.signal({ kind: 'credentialChange', person: 'alice' });
    await acme.admin.signal({ kind: 'accountDisabled', person: 'alice' });
    await acme.admin.signal({ kind: 'deviceComplianceChange', person: 'alice' });
    await acme.admin.signal({ kind: 'verification', person: 'alice' });
    await poll();
    assert.deepEqual(
      opened.signals.map((signal) => [signal.kind, isAbout(signal, alice())]),
      [
        ['sessionRevoked', true],
        ['tokenClaimsChange', false],
        ['credentialChange', true],
        ['sessionRevoked', true],
      ],
    );
    const [first] = opened.signals;
    assert.equal(first?.reason, 'Left');
    assert.ok(first.atMs >= from - 5 && first.atMs <= Date.now());
    const { pending, acknowledged, errors } = await acme.admin.signals();
    assert.deepEqual([pending.length, acknowledged.length, errors], [0, 6, {}]);
    await poll();
    assert.equal(opened.signals.length, 4);
    assert.equal(opened.poll.problem, undefined);
  });

  it('arrive by themselves', async () => {
    opened = openPoll(acme, 0.1);
    await poll();
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice' });
    const arrived = () => opened.signals.length === 1;
    await eventually('the signal', arrived, { withinMs: 1000, everyMs: 5 });
  });

  for (const subject of ['issSub', 'email', 'opaque', 'complex', 'inEvent'] as const) {
    it(`say whom they are about: ${subject}`, async () => {
      await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice', subject });
      await poll();
      assert.deepEqual(
        opened.signals.map((signal) => isAbout(signal, alice())),
        [true],
      );
    });
  }

  it('come all, however many there are', async () => {
    for (let at = 0; at < 230; at++) {
      await acme.admin.signal({ kind: 'tokenClaimsChange', person: 'alice' });
    }
    await poll();
    assert.equal(opened.signals.length, 230);
    assert.deepEqual((await acme.admin.signals()).pending, []);
  });

  const refused = {
    wrongSignature: 'invalid_key',
    unknownKey: 'invalid_key',
    embeddedKey: 'invalid_key',
    unsigned: 'invalid_key',
    publicKeyAsSecret: 'invalid_key',
    notSigned: 'invalid_key',
    wrongIssuer: 'invalid_issuer',
    wrongAudience: 'invalid_audience',
    wrongType: 'invalid_request',
    fromTheFuture: 'invalid_request',
    stale: 'invalid_request',
    wrongName: 'invalid_request',
  } as const;
  for (const [forgery, err] of Object.entries(refused)) {
    it(`${forgery}: refused, told to the company and shown, nothing fires`, async () => {
      await acme.admin.signal({
        kind: 'sessionRevoked',
        person: 'alice',
        forgery: forgery as keyof typeof refused,
      });
      await acme.admin.signal({ kind: 'tokenClaimsChange', person: 'alice' });
      await poll();
      assert.deepEqual(
        opened.signals.map(({ kind }) => kind),
        ['tokenClaimsChange'],
        'the genuine one beside it counts',
      );
      assert.equal(opened.poll.problem?.code, 'organization.signalsInvalid');
      const { pending, acknowledged, errors } = await acme.admin.signals();
      assert.deepEqual([pending.length, acknowledged.length], [0, 1]);
      assert.deepEqual(
        Object.values(errors).map((error) => (error as { err: string }).err),
        [err],
      );
      await poll();
      assert.equal(opened.poll.problem, undefined);
    });
  }

  it('replayed: acknowledged, not acted on', async () => {
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice' });
    await poll();
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice', forgery: 'replayed' });
    assert.equal((await acme.admin.signals()).pending.length, 1);
    await poll();
    assert.equal(opened.signals.length, 1);
    assert.deepEqual((await acme.admin.signals()).pending, []);
  });

  it('about nobody we could know: told, not taken for anybody', async () => {
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice', subject: 'unknown' });
    await poll();
    assert.deepEqual(opened.signals, []);
    assert.match(opened.poll.problem?.facts.reason ?? '', /whom it is about/);
  });

  it('are not handed out to others, and that is shown', async () => {
    await acme.admin.signal({ kind: 'sessionRevoked', person: 'alice' });
    const response = await fetch(opened.profile.pollEndpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer guessed' },
      body: JSON.stringify({ returnImmediately: true }),
    });
    assert.equal(response.status, 401);
    assert.ok(opened.profile.credential instanceof Secret);
  });
});
