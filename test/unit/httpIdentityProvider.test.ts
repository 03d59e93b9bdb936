// The way to one identity provider: its circuit, its pace, and its patience when the computer wakes.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { createOutboundLoader } from '../../src/core/outbound.ts';
import { readProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import { IdentityProviderClient } from '../../src/core/signIn/identityProviderClient.ts';
import { FakeClock, settle } from '../support/fakeClock.ts';

const issuer = 'https://idp.example';
const url = `${issuer}/token`;
const second = 1_000;
const none = () => Promise.resolve(undefined);

const profile = readProfile(
  {
    organization: 'Acme',
    identityProviders: [{ id: 'acme', label: 'Acme', issuer, clientId: 'c', maxRequests: 4 }],
    servers: [],
  },
  'settings',
).profile?.identityProviders[0];

const abortable = <T>(answer: T | Promise<T>, signal: AbortSignal | null | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'));
    });
    Promise.resolve(answer).then(resolve, reject);
  });

/** As undici throws it: what failed is the cause. */
const failed = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const json = (body: unknown, status = 200) => Response.json(body, { status });

async function rig(answer: (at: number, url: string) => Response | Error | Promise<Response>) {
  assert.ok(profile);
  const clock = new FakeClock();
  const seen = { sent: [] as number[], inFlight: 0, most: 0 };
  const begunMs = clock.monotonic();
  const fetch = async (to: string | URL | Request, init: RequestInit = {}) => {
    seen.most = Math.max(seen.most, ++seen.inFlight);
    seen.sent.push(clock.monotonic() - begunMs);
    try {
      const given = await abortable(answer(seen.sent.length, to as string), init.signal);
      if (given instanceof Error) throw given;
      return given;
    } finally {
      seen.inFlight--;
    }
  };
  const nothing = () => undefined;
  const client = new IdentityProviderClient(profile, {
    ...{ fetch, clock, random: () => 0.5, outbound: createOutboundLoader({ fetch, clock }) },
    store: { get: none, store: none, delete: none },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  const { toIdentityProvider, discovery } = await client.outbound();
  const ask = (init: Parameters<typeof toIdentityProvider>[1] = { method: 'POST' }) =>
    toIdentityProvider(url, init).then(
      ({ status }) => status,
      (error: unknown) => ConnectError.from(error),
    );
  /** What is known of a question so far. */
  const asking = (init?: Parameters<typeof ask>[0]) => {
    const known: { answer?: number | ConnectError } = {};
    void ask(init).then((answer) => (known.answer = answer));
    return known;
  };
  return { client, clock, seen, ask, asking, discovery };
}

const codeOf = (answer: unknown) => (answer instanceof ConnectError ? answer.code : answer);

describe('the way to an identity provider', () => {
  it('is shut for all requests after five failures, metadata too, and says until when', async () => {
    const state = { isDown: true };
    const { client, clock, seen, ask, discovery } = await rig(() =>
      state.isDown ? new Response(null, { status: 503 }) : json({ issuer, ok: true }),
    );
    const recovered: number[] = [];
    client.onDidRecover(() => recovered.push(clock.monotonic()));
    for (let at = 0; at < 5; at++)
      assert.equal(codeOf(await ask()), 'identityProvider.unavailable');
    assert.equal(client.circuitState.kind, 'open');
    const { signal } = new AbortController();
    await assert.rejects(
      discovery.identityProvider(issuer, signal),
      (error) => codeOf(error) === 'identityProvider.unavailable',
    );
    assert.equal(seen.sent.length, 5);
    state.isDown = false;
    await clock.advance(500);
    await discovery.identityProvider(issuer, signal);
    assert.deepEqual(client.circuitState, { kind: 'closed' });
    assert.equal(recovered.length, 1);
    assert.equal(await ask(), 200);
  });

  it('tells those who queue at once when it shuts', async () => {
    const { clock, seen, ask } = await rig((at) =>
      at <= 4 ? new Promise<Response>(() => undefined) : new Response(null, { status: 503 }),
    );
    const all = Promise.all(Array.from({ length: 30 }, () => ask()));
    await settle();
    await clock.advance(15 * second);
    const answers = await all;
    assert.ok(answers.every((answer) => codeOf(answer) === 'identityProvider.unavailable'));
    // Four that hung, and at most the four that had their turn before the fifth failure.
    assert.ok(seen.sent.length <= 8, `${seen.sent.length} were sent`);
  });

  it('lets a sign-in of the person through', async () => {
    const { seen, ask } = await rig((at) =>
      at <= 5 ? new Response(null, { status: 503 }) : json({}),
    );
    for (let at = 0; at < 6; at++) await ask();
    assert.equal(seen.sent.length, 5);
    assert.equal(await ask({ method: 'POST', urgent: true }), 200);
    assert.equal(await ask(), 200);
  });

  it('lets all of a sign-in through, and the giving back of one', async () => {
    const metadata = {
      ...{ issuer, token_endpoint: url, jwks_uri: `${issuer}/jwks` },
      ...{ authorization_endpoint: `${issuer}/authorize`, revocation_endpoint: `${issuer}/revoke` },
      device_authorization_endpoint: `${issuer}/device`,
    };
    const asked: string[] = [];
    const { client, ask } = await rig((_, to) => {
      asked.push(new URL(to).pathname);
      return to.includes('.well-known') ? json(metadata) : new Response(null, { status: 503 });
    });
    const breakDown = async () => {
      for (let at = 0; at < 5; at++) await ask();
      asked.length = 0;
    };
    await breakDown();
    await assert.rejects(client.signIn());
    const signIn = await client.signIn({ urgent: true });
    assert.deepEqual(asked, ['/.well-known/openid-configuration']);
    await breakDown();
    const showCode = () => undefined;
    await assert.rejects(signIn.signIn({ showCode }, new AbortController().signal));
    await assert.rejects(signIn.revoke(new Secret('r')));
    await assert.rejects(signIn.refresh(new Secret('r'), { id: 'a', label: 'a' }, none));
    assert.deepEqual(asked, ['/device', '/revoke']);
  });

  const tooMuch: [string, () => Response][] = [
    ['429', () => new Response(null, { status: 429 })],
    ['slow_down', () => json({ error: 'slow_down' }, 400)],
  ];
  for (const [name, answer] of tooMuch) {
    it(`takes one request at a time for 10 minutes after ${name}`, async () => {
      const { clock, seen, ask } = await rig((at) => (at === 1 ? answer() : json({})));
      const most = async () => {
        seen.most = 0;
        await Promise.all(Array.from({ length: 9 }, () => ask()));
        return seen.most;
      };
      await ask();
      assert.equal(await most(), 1);
      await clock.advance(599 * second);
      assert.equal(await most(), 1);
      await clock.advance(second);
      assert.equal(await most(), 4);
    });
  }
});

describe('a request when the computer wakes', () => {
  const noWay = ['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'ECONNREFUSED', 'CERT_HAS_EXPIRED'];
  for (const code of noWay) {
    it(`is repeated after ${code}, whatever it was, until there is a network`, async () => {
      const { client, clock, seen, asking } = await rig((at) => (at < 4 ? failed(code) : json({})));
      client.woke();
      const known = asking({ method: 'POST' });
      await settle();
      await clock.advance(10 * second);
      assert.equal(known.answer, 200);
      assert.deepEqual(seen.sent, [0, 1500, 3000, 4500]);
    });
  }

  it('is given up after 20 s, and counts once', async () => {
    const { client, clock, seen, asking } = await rig(() => failed('ENOTFOUND'));
    client.woke();
    const known = asking();
    await settle();
    await clock.advance(19.5 * second);
    assert.equal(codeOf(known.answer), 'network.unreachable');
    assert.equal(seen.sent.at(-1), 19_500);
    assert.equal(client.circuitState.kind, 'closed');
  });

  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'EPROTO']) {
    it(`is not repeated after ${code} when it may have arrived: a refresh would be lost`, async () => {
      const { client, seen, ask } = await rig(() => failed(code));
      client.woke();
      assert.ok((await ask()) instanceof ConnectError);
      assert.equal(seen.sent.length, 1);
    });

    it(`is repeated after ${code} when it only reads`, async () => {
      const { client, clock, asking } = await rig((at) => (at === 1 ? failed(code) : json({})));
      client.woke();
      const known = asking({});
      await settle();
      await clock.advance(2 * second);
      assert.equal(known.answer, 200);
    });
  }

  it('is not repeated after an answer, or a page of the network, when it may have arrived', async () => {
    const page = { headers: { 'content-type': 'text/html' } };
    for (const answer of [{ status: 503 }, page]) {
      const { client, seen, ask } = await rig(() => new Response('', answer));
      client.woke();
      assert.ok((await ask()) instanceof ConnectError);
      assert.equal(seen.sent.length, 1);
    }
  });

  it('waits for a person to sign in to the network, when it only reads', async () => {
    const { client, clock, asking } = await rig((at) =>
      at < 3 ? new Response(null, { status: 302 }) : json({}),
    );
    client.woke();
    const known = asking({});
    await settle();
    await clock.advance(4 * second);
    assert.equal(known.answer, 200);
  });

  it('ends with whoever asked', async () => {
    const { client, clock, seen, asking } = await rig(() => failed('ENOTFOUND'));
    client.woke();
    const asker = new AbortController();
    const known = asking({ method: 'POST', signal: asker.signal });
    await settle();
    await clock.advance(2 * second);
    asker.abort();
    await settle();
    assert.equal(codeOf(known.answer), 'user.cancelled');
    assert.equal(seen.sent.length, 2);
  });

  it('is not repeated at any other time', async () => {
    const { client, clock, seen, ask } = await rig(() => failed('ENOTFOUND'));
    await ask();
    client.woke();
    await clock.advance(20 * second);
    await ask();
    assert.equal(seen.sent.length, 2);
  });

  it('finds out at once whether an identity provider that was down is back', async () => {
    const { client, ask } = await rig((at) =>
      at <= 5 ? new Response(null, { status: 503, headers: { 'retry-after': '900' } }) : json({}),
    );
    for (let at = 0; at < 5; at++) await ask();
    client.woke();
    assert.deepEqual(client.circuitState, { kind: 'halfOpen' });
    assert.equal(await ask(), 200);
  });
});
