import assert from 'node:assert/strict';
import { errorCodes, type ErrorCode, type Facts } from '../../../src/core/errors.ts';
import { explain, type Remedy } from '../../../src/core/present/sentences.ts';
import { sentenceTable } from '../../support/sentenceTable.ts';

const facts = {
  host: 'idp.example',
  key: 'servers[2].url',
  reason: 'must be https',
  file: 'profile.json',
  scopes: 'tickets:write',
  retryAfterSec: 29.2,
  certificate: 'proxy.example',
  clockOffsetSec: 245,
  expected: 'an account of acme.example',
  actual: 'alice@home.example',
};
const context = { organization: 'Acme', server: 'Tickets', identityProvider: 'Acme ID', facts };

const whoMends: Record<Remedy, RegExp> = {
  you: /\b(you|your|open|sign in|store|reload|see|ask for less|check|unlock|create|set it right)\b/i,
  identityAdmin: /ask an administrator at Acme /,
  serverOwner: /ask the owner of Tickets /,
  wait: /it is tried again by itself in 30 s\.$/,
};

describe('sentences', () => {
  it('say for every code what happened, who can mend it, and one thing to do', () => {
    const said = Object.fromEntries(
      errorCodes.map((code) => {
        const { remedy, action, sentence } = explain(code, context);
        return [code, [remedy, action, sentence]];
      }),
    );
    assert.deepEqual(said, sentenceTable);
  });

  for (const code of errorCodes) {
    it(`${code}: names who can mend it and speaks of no protocol`, () => {
      const { sentence, remedy } = explain(code, context);
      assert.match(sentence, whoMends[remedy]);
      assert.doesNotMatch(
        sentence,
        /\b(tokens?|id-?jag|4\d\d|5\d\d|jwts?|oauth|rfc|scopes?|grants?|metadata|issuer|redemption|exchange|upstream|audience)\b/i,
      );
      assert.match(sentence, /^[A-Z].*\.$/);
      assert.ok(sentence.length <= 240, `${sentence.length} characters`);
    });

    it(`${code}: reads well when nothing is known`, () => {
      assert.doesNotMatch(explain(code, {}).sentence, /undefined| {2}|\(\)|\s[,;.]/);
    });
  }

  it('leave it to the person to try again what the person began', () => {
    const said = (facts: Facts, server?: string) =>
      explain('identityProvider.busy', { organization: 'Acme', server, facts }).sentence;
    assert.equal(said({}), 'The sign-in of Acme is busy; try again in a moment.');
    assert.match(said({ retryAfterSec: 20 }), /; try again in 20 s\.$/);
    assert.match(said({ retryAfterSec: 20 }, 'Docs'), /; it is tried again by itself in 20 s\.$/);
  });

  it('say how wrong the clock is', () => {
    const said = (clockOffsetSec: number) =>
      explain('network.clockSkew', { facts: { clockOffsetSec } }).sentence;
    assert.match(said(-180), /is 3 min slow; set it right/);
    assert.match(said(8 * 3600), /is 8 h fast; set it right/);
    assert.match(explain('network.clockSkew', {}).sentence, /is wrong; set it right/);
  });

  it('fall back to the one for a mistake of ours', () => {
    for (const code of ['constructor', '__proto__', 'toString', 'exchange.new', '']) {
      const said = explain(code as ErrorCode, { ...context, hadAccess: true });
      assert.deepEqual(said, explain('bug', context), code);
    }
  });

  it('keeps other parties from writing to the screen', () => {
    const { sentence } = explain('profile.invalid', {
      ...context,
      facts: { key: 'a\u202Eb\u0007', reason: 'line\nbreak\u200B '.repeat(200) },
    });
    assert.doesNotMatch(sentence, /[\p{Cc}\p{Cf}]/u);
    assert.match(sentence, /a b line break line break/);
    assert.ok(sentence.length < 300);
  });

  it('sends a mistake in a managed profile to the administrator', () => {
    assert.deepEqual(explain('profile.invalid', { ...context, managed: true }), {
      sentence:
        "In the administrator's profile, servers[2].url must be https; ask an administrator at Acme to correct it.",
      remedy: 'identityAdmin',
      action: 'none',
    });
  });
});
