import assert from 'node:assert/strict';
import { bearerChallenge, parseChallenges } from '../../src/core/http/challenge.ts';

describe('WWW-Authenticate', () => {
  const cases: [string, string, unknown][] = [
    ['one challenge', 'Bearer realm="x"', [{ scheme: 'bearer', parameters: { realm: 'x' } }]],
    ['a scheme alone', 'Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'quoted commas, escapes and equal signs',
      'Bearer error_description="a, b=\\"c\\" \\\\", error=invalid_token',
      [
        {
          scheme: 'bearer',
          parameters: { error_description: 'a, b="c" \\', error: 'invalid_token' },
        },
      ],
    ],
    [
      'several challenges',
      'Basic realm="a", Bearer resource_metadata="https://h/.well-known/x", scope="a b", DPoP algs="ES256"',
      [
        { scheme: 'basic', parameters: { realm: 'a' } },
        {
          scheme: 'bearer',
          parameters: { resource_metadata: 'https://h/.well-known/x', scope: 'a b' },
        },
        { scheme: 'dpop', parameters: { algs: 'ES256' } },
      ],
    ],
    [
      'token68',
      'Negotiate YWJj==, Bearer scope=read',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'bearer', parameters: { scope: 'read' } },
      ],
    ],
    [
      'the first of a repeated name',
      'Bearer scope=a, scope=b',
      [{ scheme: 'bearer', parameters: { scope: 'a' } }],
    ],
    [
      'spaces around the equal sign and empty list members',
      'Bearer , , realm = "x" ,',
      [{ scheme: 'bearer', parameters: { realm: 'x' } }],
    ],
    ['nothing', '', []],
    ['an unterminated string', 'Bearer realm="x', [{ scheme: 'bearer', parameters: {} }]],
    [
      'a name that would hit the prototype',
      'Bearer __proto__=x',
      [{ scheme: 'bearer', parameters: JSON.parse('{"__proto__":"x"}') as object }],
    ],
  ];
  for (const [name, header, expected] of cases) {
    it(`reads ${name}`, () => {
      assert.deepEqual(parseChallenges(header), expected);
    });
  }

  it('finds the Bearer challenge among others, whatever the case', () => {
    assert.deepEqual(bearerChallenge('Basic realm=x, bEaReR error="invalid_token"'), {
      error: 'invalid_token',
    });
    assert.equal(bearerChallenge('Basic realm=x'), undefined);
    assert.equal(bearerChallenge(null), undefined);
  });

  it('is linear on hostile input', () => {
    const started = performance.now();
    parseChallenges('Bearer ' + 'a="'.repeat(100_000));
    parseChallenges(',='.repeat(100_000));
    parseChallenges('a '.repeat(100_000));
    assert.ok(performance.now() - started < 2_000);
  });
});
