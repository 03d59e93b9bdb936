import assert from 'node:assert/strict';
import { connectionDetails, signInDetails } from '../../../src/core/present/adminDetails.ts';
import { announcements } from '../../../src/core/present/announcements.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { identitySessions } from '../../../src/core/identitySessions.ts';
import { refusal } from '../../../src/core/present/refusal.ts';
import type { ConnectionState } from '../../../src/core/connection/state.ts';
import {
  alice,
  connected,
  connection,
  minutesAgo,
  nowMs,
  overview,
  person,
} from '../../support/acmeOverview.ts';

const versions = { extensionVersion: '0.1.0', vscodeVersion: '1.139.1', nowMs };
const removed = { kind: 'accessRemoved', atMs: minutesAgo(3), code: 'exchange.denied' } as const;

describe('the details for an administrator', () => {
  it('survive a code and times that nobody knows', () => {
    const failure = { code: 'constructor' as ErrorCode, facts: {}, atMs: NaN };
    const seen = overview({ connections: [connection(connected, { failure, expiresAtMs: 9e15 })] });
    const text = connectionDetails(seen, 'tickets', versions) ?? '';
    assert.match(text, /Failed at: an unknown time\nCode: constructor\n/);
    assert.match(text, /Expires: an unknown time\n/);
  });

  it('hold the leg, the facts and the times of a failed connection', () => {
    const facts = {
      host: 'idp.example',
      status: 400,
      oauthError: 'access_denied',
      audience: 'https://auth.example',
      resource: 'https://tickets.example/mcp',
      scopes: 'tickets:read',
      requestId: 'req-1\nForged: yes',
      jtiHash: '0123456789abcdef',
    };
    const failure = { code: 'exchange.denied', facts, atMs: minutesAgo(3) } as const;
    const seen = overview({ connections: [connection(removed, { failure })] });
    assert.equal(
      connectionDetails(seen, 'tickets', versions),
      `Enterprise MCP: details for an administrator
Server: Tickets (tickets)
Server URL: https://tickets.example/mcp
Identity provider: Acme (acme)
State: Access removed by Acme at 14:00
State since: 2026-11-21T13:03:00.000Z
In words: Access to Tickets was removed by Acme; ask an administrator at Acme if you still need it.
Failed at: 2026-11-21T14:00:00.000Z
Leg: token exchange at the identity provider (RFC 8693)
Code: exchange.denied
Host: idp.example
HTTP status: 400
OAuth error: access_denied
Audience: https://auth.example
Resource: https://tickets.example/mcp
Scopes requested: tickets:read
Request id: req-1 Forged: yes
ID-JAG jti (SHA-256, shortened): 0123456789abcdef
Scopes in the profile: tickets:read tickets:write
Profile: user settings
Versions: Enterprise MCP 0.1.0, VS Code 1.139.1
Copied at: 2026-11-21T14:03:00.000Z
`,
    );
  });

  it('hold what is granted, and nothing of the account or of facts nobody listed', () => {
    const smuggled = { host: 'h', canary: 'canary-77' };
    const failure = { code: 'server.unavailable', facts: smuggled, atMs: nowMs } as const;
    const seen = overview({
      managed: true,
      connections: [connection(connected, { failure, expiresAtMs: nowMs })],
    });
    const text = connectionDetails(seen, 'tickets', versions) ?? '';
    assert.match(
      text,
      /\nScopes granted: tickets:read tickets:write\nLast confirmed: 2026-11-21T14:00/,
    );
    assert.match(text, /\nProfile: managed file\n/);
    assert.doesNotMatch(text, /alice|canary/);
  });

  it('name the domains of two accounts, never the accounts', () => {
    const facts = { expected: 'alice@acme.example', actual: 'alice@home.example' };
    const failure = { code: 'identityProvider.accountMismatch', facts, atMs: nowMs } as const;
    const state = { kind: 'needsSignIn', code: failure.code } as const;
    const seen = overview({
      people: [person({ kind: 'signedOut' }, { failure })],
      connections: [connection(state, { failure })],
    });
    const texts = [
      signInDetails(seen, 'acme', versions) ?? '',
      connectionDetails(seen, 'tickets', versions) ?? '',
    ];
    for (const text of texts) {
      assert.match(text, /\nIn words: .*an account of home.example instead of an account of acme/);
      assert.match(
        text,
        /\nExpected: an account of acme.example\nActual: an account of home.example\n/,
      );
      assert.doesNotMatch(text, /alice|@/);
    }
    const boundary = { expected: 'an account of acme.example', actual: 'Alice Home' };
    const refused = {
      code: 'identityProvider.accountNotAllowed',
      facts: boundary,
      atMs: nowMs,
    } as const;
    const outside = overview({ people: [person({ kind: 'signedOut' }, { failure: refused })] });
    const text = signInDetails(outside, 'acme', versions) ?? '';
    assert.match(text, /needs an account of acme.example/);
    assert.doesNotMatch(text, /Alice/);
  });

  it('name what an administrator needs to find a refusal: clock, certificate, strength', () => {
    const facts = {
      clockOffsetSec: 245,
      certificate: 'proxy.example',
      acrValues: 'phr',
      maxAgeSec: 60,
    };
    const failure = { code: 'network.clockSkew', facts, atMs: nowMs } as const;
    const reduced = { ...connected, scopes: ['tickets:read'], reducedBy: ['tickets:write'] };
    const seen = overview({ connections: [connection(reduced, { failure })] });
    const text = connectionDetails(seen, 'tickets', versions) ?? '';
    for (const line of [
      'Clock offset of this computer (s): 245',
      'Certificate: proxy.example',
      'Sign-in strength asked for (acr_values): phr',
      'Sign-in age asked for (max_age, s): 60',
      'Scopes granted: tickets:read',
      'Scopes not granted: tickets:write',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
  });

  it('tell a failed company sign-in', () => {
    const failure = {
      code: 'identityProvider.clientRefused',
      facts: { host: 'idp.example', oauthError: 'invalid_client' },
      atMs: nowMs,
    } as const;
    const seen = overview({ people: [person({ kind: 'signedOut' }, { failure })] });
    const text = signInDetails(seen, 'acme', versions) ?? '';
    assert.match(text, /\nLeg: company sign-in \(OpenID Connect\)\nCode: identityProvider.client/);
    assert.match(text, /\nOAuth error: invalid_client\n/);
    assert.equal(signInDetails(seen, 'nobody', versions), undefined);
    assert.equal(connectionDetails(seen, 'nothing', versions), undefined);
  });
});

describe('announcements', () => {
  const servers = (...states: ConnectionState[]) =>
    overview({
      connections: states.map((state, at) => connection(state, { id: `s${at}`, label: `S${at}` })),
    });
  const ended = person({ kind: 'ended', account: alice, atMs: nowMs, detector: 'session' });

  it('tell of access removed while in use, once for all servers', () => {
    assert.deepEqual(announcements(servers(connected, connected), servers(removed, connected)), [
      {
        message: 'S0: access removed by Acme. An administrator at Acme can give it back.',
        action: 'copyDetails',
        subject: 's0',
      },
    ]);
    assert.deepEqual(
      announcements(servers(connected, connected), servers(removed, removed)).map(
        ({ message }) => message,
      ),
      ['2 servers: access removed by Acme (S0, S1). An administrator at Acme can give it back.'],
    );
  });

  it('tell of a sign-out by the company as one thing', () => {
    const closed = servers({ kind: 'sessionEnded', atMs: nowMs });
    assert.deepEqual(announcements(servers(connected), { ...closed, people: [ended] }), [
      {
        message: 'Signed out by Acme: 1 server disconnected. Sign in again to reconnect.',
        action: 'signIn',
        subject: 'acme',
      },
    ]);
  });

  it('say nothing at start-up, twice, or of what nobody lost', () => {
    const quiet: readonly (readonly [ConnectionState, ConnectionState])[] = [
      [{ kind: 'connecting', attempt: 1, step: 'exchange' }, removed],
      [removed, removed],
      [connected, { kind: 'turnedOff' }],
      [connected, { kind: 'signedOut' }],
      [connected, { kind: 'paused', sinceMs: nowMs, code: 'identityProvider.unavailable' }],
    ];
    for (const [before, after] of quiet) {
      assert.deepEqual(announcements(servers(before), servers(after)), []);
    }
    const restored = servers({ kind: 'signedOut' });
    assert.deepEqual(announcements(restored, { ...restored, people: [ended] }), []);
    const told = { ...servers(connected), people: [ended] };
    assert.deepEqual(announcements(told, told), []);
  });
});

describe('a refusal', () => {
  const said = (state: ConnectionState) => {
    const one = connection(state);
    const { name, code, message } = refusal(one, overview({ connections: [one] }));
    return [name, code, message];
  };

  it('is a ConnectError whose message is the sentence', () => {
    assert.deepEqual(said(removed), [
      'ConnectError',
      'exchange.denied',
      'Access to Tickets was removed by Acme; ask an administrator at Acme if you still need it.',
    ]);
    assert.deepEqual(said({ kind: 'notGranted', code: 'exchange.denied' }), [
      'ConnectError',
      'exchange.denied',
      'Acme does not give you access to Tickets; ask an administrator at Acme for access.',
    ]);
    assert.deepEqual(said({ kind: 'signedOut' }), [
      'ConnectError',
      'gateway.closed',
      'Sign in to Acme to use Tickets.',
    ]);
    assert.match(
      refusal(undefined, overview()).message,
      /^The connection to the server is closed; open Enterprise MCP in the side bar/,
    );
  });
});

describe('identity sessions', () => {
  it('are people signed in, under an id that no renewal changes', () => {
    const people = [person(), person({ kind: 'restoring' }, { identityProvider: 'other' })];
    assert.deepEqual(identitySessions(overview({ people })), [
      { id: '["acme","sub-alice"]', identityProvider: 'acme', account: alice },
    ]);
  });
});
