// What the company sends: its profile, and its signed notices.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readProfile } from '../../src/core/profile/profile.ts';
import { readStops } from '../../src/core/revocation/emergencyStop.ts';
import { readSignals } from '../../src/core/revocation/sharedSignals.ts';
import { createSigner } from '../unit/revocation/notices.ts';
import { edited, edits, place, withPart, type Edit } from './mutation.ts';
import { orRefused, target, type FuzzTarget } from './target.ts';

const secret = 'canary-secret';
const honest = {
  organization: 'Acme',
  identityProviders: [
    {
      id: 'acme',
      label: 'Acme',
      issuer: 'https://id.acme.example',
      clientId: 'editor',
      clientAuthentication: 'client_secret_basic',
      clientSecret: secret,
      scopes: ['openid'],
      accounts: { emailDomains: ['acme.example'] },
    },
  ],
  servers: ['tickets', 'docs'].map((id) => ({
    id,
    label: id,
    url: `https://${id}.acme.example/mcp`,
    identityProvider: 'acme',
    authorizationServer: 'https://auth.acme.example',
    clientId: 'editor',
    scopes: ['read'],
    writeScopes: ['write'],
  })),
};
const junk = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    ...['http://evil.example/mcp', 'https://user:pw@evil.example/', 'javascript:alert(1)', '//x'],
    ...['https://tickets.acme.example/mcp#x', 'file:///etc/passwd', 'HTTPS://X', '__proto__', ''],
    ...['https://127.0.0.1/', 'http://localhost:1/', 'https://evil.example\\@x/', ' https://x '],
  ),
  fc.constantFrom(undefined, Number.NaN, new Date(0), Object.create(null), () => 0),
);

/** As RFC 8252 and the design have it, written without a look at the product. */
function isOutThere(url: string): boolean {
  const { protocol, username, password, hostname } = new URL(url);
  const isHere = ['localhost', '[::1]'].includes(hostname) || /^127(\.\d+){3}$/.test(hostname);
  return `${username}${password}` === '' && (protocol === 'https:' || isHere);
}

const profiles = target(
  'profiles',
  fc.record({
    changes: fc.array(fc.tuple(place, junk), { minLength: 1, maxLength: 4 }),
    source: fc.constantFrom('managed', 'settings'),
  }),
  ({ changes, source }) => {
    const raw = changes.reduce<unknown>((one, [at, other]) => withPart(one, at, other), honest);
    const { profile, problems } = readProfile(raw, source);
    assert.ok(profile !== undefined || problems.length > 0);
    assert.ok(!JSON.stringify(problems).includes(secret));
    assert.ok(!JSON.stringify(profile ?? {}).includes(secret), 'a secret can be read in it');
    const ids = profile?.servers.map(({ id }) => id) ?? [];
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, url, authorizationServer, identityProvider } of profile?.servers ?? []) {
      assert.match(id, /^[a-z0-9-]{1,64}$/);
      for (const one of [url, authorizationServer]) assert.ok(isOutThere(one), one);
      assert.ok(profile?.identityProviders.some((one) => one.id === identityProvider));
    }
  },
);

const nowMs = Date.UTC(2026, 5, 1);
const iat = nowMs / 1000;
const source = async () => {
  const signer = await createSigner('ES256');
  const profile = {
    url: 'https://acme.example/stops',
    pollEndpoint: 'https://acme.example/poll',
    credential: undefined,
    issuer: 'https://acme.example',
    audience: 'editor',
    keys: [signer.pinned],
    pollSeconds: 60,
  };
  return { signer, profile };
};
const shared = source();
const claims = { iss: 'https://acme.example', aud: 'editor', iat };
const stops = {
  ...claims,
  seq: 3,
  exp: iat + 60,
  all: false,
  servers: ['docs'],
  notBefore: { a: 5 },
};
const event = {
  ...claims,
  jti: 'one',
  sub_id: { format: 'iss_sub', iss: 'https://id.example', sub: 'a' },
  events: {
    'https://schemas.openid.net/secevent/caep/event-type/session-revoked': { event_timestamp: iat },
  },
};
const parts = ['.', '=', 'A', '_', '{}', 'e30', 'eyJhbGciOiJub25lIn0', '\0', ' '];

type Change = (jws: string) => string;
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (text = ''): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
const bytewise: fc.Arbitrary<Change> = edits(...parts).map(
  (changes: readonly Edit[]) => (jws) => edited(jws, changes),
);
/** Whole members of the header or the claims, and what stands where the signature was. */
const memberwise: fc.Arbitrary<Change> = fc
  .record({
    header: fc.dictionary(
      fc.constantFrom('alg', 'kid', 'typ', 'jwk', 'jku', 'crit', 'b64'),
      fc.constantFrom('none', 'HS256', 'ES256', 'x', true, ['exp'], {}),
    ),
    at: place,
    other: fc.jsonValue(),
    end: fc.constantFrom('kept', 'empty', 'other'),
  })
  .map(({ header, at, other, end }) => (jws) => {
    const [head, payload, signature = ''] = jws.split('.');
    const changed = part(withPart(read(payload), at, other));
    const ends = { kept: signature, empty: '', other: 'A'.repeat(86) };
    return `${part({ ...(read(head) as object), ...header })}.${changed}.${ends[end]}`;
  });

/** Whoever has no key can only change what was signed. */
const changed = fc.oneof(bytewise, memberwise);
const forged = target('notices that were changed on the way', changed, async (change) => {
  const { signer, profile } = await shared;
  const list = await signer.sign(stops, { typ: 'emergency-stop+jwt' });
  const believed = await orRefused(
    () => readStops(change(list), profile, { nowMs }),
    'organization.stopListInvalid',
  );
  if (believed !== undefined) {
    assert.deepEqual([believed.sequence, believed.servers, believed.all], [3, ['docs'], false]);
  }
  const set = await signer.sign(event, { typ: 'secevent+jwt' });
  const signals = await orRefused(
    () => readSignals({ id: 'one', set: change(set) }, profile, nowMs),
    'organization.signalsInvalid',
  );
  if (signals !== undefined) {
    assert.deepEqual(
      signals.map(({ kind, id }) => [kind, id]),
      [['sessionRevoked', 'one']],
    );
  }
});

const jsonJunk = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(1e308, -1, 1.5, '__proto__', iat * 1000, 253_402_300_800),
);

/** Whoever has a key may still write nonsense. */
const nonsense = target(
  'notices that say something else',
  fc.tuple(place, jsonJunk, place, jsonJunk),
  async ([at, other, further, another]) => {
    const { signer, profile } = await shared;
    const change = (one: object) => withPart(withPart(one, at, other), further, another) as object;
    const isObject = (one: unknown) =>
      typeof one === 'object' && one !== null && !Array.isArray(one);
    const [list, set] = [change(stops), change(event)];
    if (isObject(list)) {
      const jws = await signer.sign({ ...list }, { typ: 'emergency-stop+jwt' }).catch(() => '');
      const believed = await orRefused(
        () => readStops(jws, profile, { nowMs }),
        'organization.stopListInvalid',
      );
      if (believed !== undefined) {
        assert.ok(Number.isSafeInteger(believed.sequence) && believed.issuedAtMs <= nowMs + 60_000);
        assert.ok(Object.values(believed.signedInBeforeMs).every((ms) => ms < 253_402_300_800_000));
      }
    }
    if (!isObject(set)) return;
    const jws = await signer.sign({ ...set }, { typ: 'secevent+jwt' }).catch(() => '');
    const signals = await orRefused(
      () => readSignals({ id: 'one', set: jws }, profile, nowMs),
      'organization.signalsInvalid',
    );
    // Nothing happens later than it is told.
    for (const { atMs } of signals ?? []) assert.ok(atMs <= nowMs + 60_000);
  },
);

export const companyTargets: readonly FuzzTarget[] = [profiles, forged, nonsense];
