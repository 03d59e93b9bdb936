import assert from 'node:assert/strict';
import { membershipOf, refusalOf } from '../../src/core/signIn/accountBoundary.ts';

const account = { id: 'sub-1', label: 'alice@acme.example' };
const open = { emailDomains: [], hostedDomain: undefined, tenant: undefined };
const verdict = (boundary: object, claims: object) =>
  refusalOf({ ...open, ...boundary }, account, membershipOf({ email_verified: true, ...claims }))
    ?.facts.expected;

describe('an account boundary', () => {
  it('that is not drawn lets everybody in', () => {
    assert.equal(verdict({}, {}), undefined);
  });

  for (const [what, boundary, claims] of [
    ['an e-mail domain', { emailDomains: ['acme.example'] }, { email: 'a@acme.example' }],
    ['one of several', { emailDomains: ['a.example', 'b.example'] }, { email: 'a@B.example' }],
    ['a domain in capitals', { emailDomains: ['acme.example'] }, { email: 'A@ACME.EXAMPLE' }],
    [
      'an address verified in words',
      { emailDomains: ['a.b'] },
      { email: 'x@a.b', email_verified: 'true' },
    ],
    ['hd', { hostedDomain: 'Acme.example' }, { hd: 'acme.example' }],
    ['tid', { tenant: 'T-1' }, { tid: 't-1' }],
    ['tenant', { tenant: 't-1' }, { tenant: 't-1' }],
    ['an odd local part', { emailDomains: ['a.b'] }, { email: '"x@evil.example"@a.b' }],
  ] as const) {
    it(`lets in by ${what}`, () => {
      assert.equal(verdict(boundary, claims), undefined);
    });
  }

  for (const [what, boundary, claims, expected] of [
    ['another domain', { emailDomains: ['a.b'] }, { email: 'x@c.d' }, 'an account of a.b'],
    ['a subdomain', { emailDomains: ['a.b'] }, { email: 'x@evil.a.b' }, 'an account of a.b'],
    ['a longer domain', { emailDomains: ['a.b'] }, { email: 'x@a.b.evil' }, 'an account of a.b'],
    ['no address', { emailDomains: ['a.b', 'c.d'] }, {}, 'an account of a.b or c.d'],
    ['an empty domain', { emailDomains: ['a.b'] }, { email: 'x@' }, 'an account of a.b'],
    [
      'an unverified address',
      { emailDomains: ['a.b'] },
      { email: 'x@a.b', email_verified: false },
      'an account of a.b',
    ],
    [
      'an address unverified in words',
      { emailDomains: ['a.b'] },
      { email: 'x@a.b', email_verified: 'false' },
      'an account of a.b',
    ],
    [
      'an address nobody says is verified',
      { emailDomains: ['a.b'] },
      { email: 'x@a.b', email_verified: undefined },
      'an account of a.b',
    ],
    ['no hd', { hostedDomain: 'a.b' }, { email: 'x@a.b' }, 'an account of a.b'],
    [
      'another tid',
      { tenant: 't-1' },
      { tid: 't-2', tenant: 't-1' },
      'an account of the tenant t-1',
    ],
    ['a claim of another type', { hostedDomain: 'a.b' }, { hd: ['a.b'] }, 'an account of a.b'],
    [
      'half of what is needed',
      { emailDomains: ['a.b'], tenant: 't-1' },
      { email: 'x@a.b' },
      'an account of a.b',
    ],
  ] as const) {
    it(`keeps out ${what}`, () => {
      assert.equal(verdict(boundary, claims), expected);
    });
  }
});
