import assert from 'node:assert/strict';
import { endsSession, stopsServer } from '../../../src/core/revocation/stops.ts';
import { createRig, typ, type Rig, type Signer } from './emergencyStopRig.ts';
import { createSigner, signedWithSecret, unsigned } from './notices.ts';

describe('emergency stop: a list', () => {
  const list = {
    sequence: 1,
    issuedAtMs: 0,
    expiresAtMs: 1,
    all: false,
    servers: ['docs'],
    signedInBeforeMs: { alice: 1000 },
  };

  it('stops the servers it names, or all', () => {
    assert.deepEqual(
      ['docs', 'tickets', 'toString'].map((id) => stopsServer(list, id)),
      [true, false, false],
    );
    assert.ok(stopsServer({ ...list, all: true }, 'tickets'));
  });

  it('ends sign-ins from before, of one or of everybody', () => {
    assert.ok(endsSession(list, { id: 'alice', sinceMs: 999 }));
    assert.ok(!endsSession(list, { id: 'alice', sinceMs: 1000 }));
    assert.ok(!endsSession(list, { id: 'bob', sinceMs: 0 }));
    assert.ok(!endsSession(list, { id: 'toString', sinceMs: 0 }));
    const everybody = { ...list, signedInBeforeMs: { '*': 1000, alice: 5 } };
    assert.ok(endsSession(everybody, { id: 'bob', sinceMs: 999 }));
    assert.ok(endsSession(everybody, { id: 'alice', sinceMs: 999 }));
  });
});

describe('emergency stop: what is believed', () => {
  let own: Signer;
  let second: Signer;
  let foreign: Signer;
  let rig: Rig;
  before(async () => {
    own = await createSigner('EdDSA');
    second = await createSigner('ES256');
    foreign = await createSigner('EdDSA');
  });
  beforeEach(async () => {
    rig = createRig([own, second]);
    await rig.look({ seq: 5, servers: ['docs'] });
  });
  afterEach(() => {
    rig.feed.dispose();
  });

  it('a genuine list, with every part of it', async () => {
    await rig.look({ seq: 6, all: true, servers: ['docs'], notBefore: { alice: 10, '*': 5 } });
    assert.deepEqual(rig.feed.stops, {
      sequence: 6,
      issuedAtMs: rig.clock.now(),
      expiresAtMs: rig.clock.now() + 86_400_000,
      all: true,
      servers: ['docs'],
      signedInBeforeMs: { alice: 10_000, '*': 5000 },
    });
    assert.equal(rig.feed.problem, undefined);
    assert.equal(rig.feed.checkedAtMs, rig.clock.now());
    assert.equal(rig.heard.changes, 2);
  });

  it('one of the other pinned key, and one for several audiences', async () => {
    rig.publish(await second.sign(rig.claims({ seq: 6, aud: ['other', 'acme'] }), { typ }));
    await rig.feed.checkNow();
    assert.equal(rig.feed.stops?.sequence, 6);
    assert.deepEqual(rig.feed.stops.servers, []);
  });

  const minute = 60;
  const forged: Record<string, [reason: RegExp, make: (rig: Rig) => string | Promise<string>]> = {
    'a foreign signature': [
      /not signed with a key/,
      (at) => foreign.sign(at.claims({ seq: 6 }), { typ }),
    ],
    'an unknown key id': [/not signed with a key/, (at) => at.sign({ seq: 6 }, { kid: 'other' })],
    'no key id': [
      /not signed with a key/,
      (at) => at.sign({ seq: 6 }, { kid: undefined as unknown as string }),
    ],
    'the key of the other algorithm': [
      /not signed with a key/,
      (at) => at.sign({ seq: 6 }, { kid: 'key-ES256' }),
    ],
    'a key it brings along': [
      /not signed with a key/,
      (at) => foreign.sign(at.claims({ seq: 6 }), { typ, jwk: foreign.jwk }),
    ],
    'no signature': [
      /not signed with a key/,
      (at) => unsigned(at.claims({ seq: 6 }), typ, 'key-EdDSA'),
    ],
    'the public key as a secret': [
      /not signed with a key/,
      (at) => signedWithSecret(at.claims({ seq: 6 }), own.publicPem, { typ, kid: 'key-EdDSA' }),
    ],
    'the coordinates of the public key as a secret': [
      /not signed with a key/,
      (at) => signedWithSecret(at.claims({ seq: 6 }), own.jwk.x!, { typ, kid: 'key-EdDSA' }),
    ],
    'words changed after signing': [
      /not signed with a key/,
      async (at) => {
        const [header, , signature] = (await at.sign({ seq: 6 })).split('.');
        const [, payload] = (await at.sign({ seq: 7, all: true })).split('.');
        return [header, payload, signature].join('.');
      },
    ],
    'another type': [/another type/, (at) => at.sign({ seq: 6 }, { typ: 'JWT' })],
    'another issuer': [/another issuer/, (at) => at.sign({ seq: 6, iss: 'https://acme.example' })],
    'another audience': [/another audience/, (at) => at.sign({ seq: 6, aud: ['acme2'] })],
    'no audience': [/does not say who/, (at) => at.sign({ seq: 6, aud: undefined })],
    'the future': [
      /from the future/,
      (at) => at.sign({ seq: 6, iat: at.clock.now() / 1000 + minute + 1 }),
    ],
    'an end that has come': [
      /expired/,
      (at) => at.sign({ seq: 6, all: true, exp: at.clock.now() / 1000 }),
    ],
    'a lower number': [/older than one before/, (at) => at.sign({ seq: 4 })],
    'the same number': [/differs from one/, (at) => at.sign({ seq: 5, servers: [] })],
    'no number': [/not a list/, (at) => at.sign({})],
    'a number beyond counting': [/not a list/, (at) => at.sign({ seq: 2 ** 53 })],
    'no end': [/not a list/, (at) => at.sign({ seq: 6, exp: undefined })],
    'milliseconds for seconds': [
      /not a list/,
      (at) => at.sign({ seq: 6, notBefore: { '*': at.clock.now() } }),
    ],
    'servers that are none': [/not a list/, (at) => at.sign({ seq: 6, servers: 'all' })],
    'too many words': [/larger than 64 KiB/, (at) => at.sign({ seq: 6, x: 'x'.repeat(50_000) })],
    'far too many words': [/larger than 1 MiB/, () => 'x'.repeat(1_100_000)],
    'plain text': [/not signed with a key/, () => 'Out of office until Monday.'],
    nothing: [/not signed with a key/, () => ''],
  };
  for (const [name, [reason, make]] of Object.entries(forged)) {
    it(`refuses ${name}: shown, nothing closed by it, nothing opened`, async () => {
      const before = rig.feed.stops;
      assert.ok(before !== undefined && stopsServer(before, 'docs'));
      const checkedAtMs = rig.feed.checkedAtMs;
      await rig.clock.advance(1000);
      rig.publish(await make(rig));
      await rig.feed.checkNow();
      assert.equal(rig.feed.problem?.code, 'organization.stopListInvalid');
      assert.match(rig.reason ?? '', reason);
      assert.equal(rig.feed.stops, before);
      assert.equal(rig.feed.checkedAtMs, checkedAtMs);
      assert.equal(rig.heard.changes, 2);
      await rig.look({ seq: 6 });
      assert.equal(rig.feed.problem, undefined);
      assert.equal(rig.feed.stops.sequence, 6);
    });
  }

  it('accepts an end, a beginning and a size that are just right', async () => {
    await rig.look({ seq: 6, iat: rig.clock.now() / 1000 + minute });
    assert.equal(rig.feed.problem, undefined);
    await rig.look({ seq: 7, exp: rig.clock.now() / 1000 + 1, x: 'x'.repeat(48_000) });
    assert.equal(rig.feed.problem, undefined);
    assert.equal(rig.feed.stops?.sequence, 7);
  });

  it('an old list signed anew is still the old list', async () => {
    const jws = await second.sign(rig.claims({ seq: 6, all: true }), { typ });
    rig.publish(jws);
    await rig.feed.checkNow();
    rig.publish(await second.sign(rig.claims({ seq: 6, all: true }), { typ }));
    await rig.feed.checkNow();
    assert.equal(rig.feed.problem, undefined);
    assert.equal(rig.heard.changes, 2);
  });

  it('keeps no key that is private, whatever the profile says', async () => {
    const leaked = { ...own, pinned: own.privateJwk };
    const other = createRig([leaked]);
    await other.look({ seq: 1, all: true });
    assert.equal(other.feed.stops, undefined);
    assert.match(other.reason ?? '', /not signed with a key/);
    other.feed.dispose();
  });
});
