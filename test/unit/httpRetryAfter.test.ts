import assert from 'node:assert/strict';
import fc from 'fast-check';
import { retryAfterSec } from '../../src/core/http/retryAfter.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const date = (afterSec: number) => new Date(nowMs + afterSec * 1000).toUTCString();
const epoch = (afterSec: number) => String(nowMs / 1000 + afterSec);

describe('the time another party asks to wait', () => {
  const cases: [name: string, headers: Record<string, string>, expected: number | undefined][] = [
    ['nothing', {}, undefined],
    ['seconds', { 'retry-after': '30' }, 30],
    ['none', { 'retry-after': '0' }, 0],
    ['more than an hour', { 'retry-after': '7200' }, 3600],
    ['more than a day', { 'retry-after': '90000' }, undefined],
    ['less than none', { 'retry-after': '-1' }, undefined],
    ['words', { 'retry-after': 'soon' }, undefined],
    ['exponents', { 'retry-after': '1e3' }, undefined],
    ['a date', { 'retry-after': date(90) }, 90],
    ['a date gone by', { 'retry-after': date(-90) }, undefined],
    ['a date by a clock that is fast', { 'retry-after': date(690), date: date(600) }, 90],
    ['a date by a clock that is broken', { 'retry-after': date(90), date: 'today' }, 90],
    ['a year alone', { 'retry-after': '2027-01-01' }, undefined],
    ['Okta', { 'x-rate-limit-reset': epoch(17) }, 17],
    ['Okta, by its own clock', { 'x-rate-limit-reset': epoch(617), date: date(600) }, 17],
    ['Okta, gone by', { 'x-rate-limit-reset': epoch(-5) }, undefined],
    ['Okta, in milliseconds', { 'x-rate-limit-reset': `${epoch(5)}000` }, undefined],
    ['Auth0', { 'x-ratelimit-reset': epoch(8) }, 8],
    ['an older draft', { 'ratelimit-reset': '12' }, 12],
    ['the draft', { ratelimit: '"default";r=0;t=21' }, 21],
    ['a quota that is not used up', { ratelimit: '"default";r=5;t=21' }, undefined],
    ['several quotas', { ratelimit: '"a";r=0;t=5, "b";r=0;t=50, "c";r=7;t=500' }, 50],
    ['a quota without time', { ratelimit: '"default";r=0' }, undefined],
    ['two fields', { 'retry-after': '5', 'x-rate-limit-reset': epoch(60) }, 5],
    ['a broken field and a good one', { 'retry-after': 'x', 'x-rate-limit-reset': epoch(60) }, 60],
  ];
  for (const [name, headers, expected] of cases) {
    it(`${name}: ${expected ?? 'unknown'}`, () => {
      assert.equal(retryAfterSec(new Headers(headers), nowMs), expected);
    });
  }

  it('knows no point in time without any clock', () => {
    assert.equal(retryAfterSec(new Headers({ 'retry-after': date(90) })), undefined);
    assert.equal(retryAfterSec(new Headers({ 'x-rate-limit-reset': epoch(90) })), undefined);
    assert.equal(retryAfterSec(new Headers({ 'retry-after': '90' })), 90);
  });

  it('is a whole number of seconds up to an hour, whatever is sent', () => {
    const names = ['retry-after', 'x-rate-limit-reset', 'ratelimit-reset', 'ratelimit', 'date'];
    const text = fc.stringMatching(/^[ -~]{0,40}$/).map((value) => value.trim());
    const number = fc.double().map(String);
    const any = fc.dictionary(fc.constantFrom(...names), fc.oneof(text, number));
    fc.assert(
      fc.property(any, (headers) => {
        const seconds = retryAfterSec(new Headers(headers), nowMs);
        return (
          seconds === undefined || (Number.isInteger(seconds) && seconds >= 0 && seconds <= 3600)
        );
      }),
    );
  });
});
