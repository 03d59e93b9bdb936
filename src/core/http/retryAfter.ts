// How long the other party wants to be left alone, in whichever of the header fields it says so.

/** Nobody is kept waiting longer on another party's word, seconds. */
const longestSec = 3600;
/** More than this is no time to wait but a mistake, or another unit: milliseconds, say. */
const absurdSec = 86_400;

/**
 * Seconds to wait, 0 to 3600; undefined where nothing credible is said. Points in time are taken against the
 * answer's own `Date`, so that a wrong clock here does no harm, and against `nowMs` where it has none.
 * @see RFC 9110 §10.2.3, draft-ietf-httpapi-ratelimit-headers
 */
export function retryAfterSec(headers: Headers, nowMs = Number.NaN): number | undefined {
  const sentMs = Date.parse(headers.get('date') ?? '');
  const atMs = Number.isFinite(sentMs) ? sentMs : nowMs;
  const said = [
    numberIn(headers.get('retry-after')),
    (Date.parse(httpDateIn(headers.get('retry-after'))) - atMs) / 1000,
    // Okta and Auth0 name the end of the window, seconds since the epoch.
    numberIn(headers.get('x-rate-limit-reset')) - atMs / 1000,
    numberIn(headers.get('x-ratelimit-reset')) - atMs / 1000,
    numberIn(headers.get('ratelimit-reset')),
    usedUpSec(headers.get('ratelimit')),
  ];
  const credible = said.find((seconds) => seconds >= 0 && seconds <= absurdSec);
  return credible === undefined ? undefined : Math.min(longestSec, Math.ceil(credible));
}

const numberIn = (value: string | null): number =>
  /^\d{1,12}$/.test(value ?? '') ? Number(value) : Number.NaN;

/** Only the form with a day's name: `Date.parse` would take nearly anything else for a date as well. */
const httpDateIn = (value: string | null): string =>
  /^[A-Z][a-z]{2,8},? .{1,40}$/.exec(value ?? '')?.[0] ?? '';

/** Of the quotas that are used up, the one that takes longest: `"burst";r=0;t=30`. */
function usedUpSec(value: string | null): number {
  const items = (value ?? '').split(',').filter((item) => /;\s*r=0(?=\s*(;|$))/.test(item));
  const times = items.map((item) => numberIn(/;\s*t=(\d+)/.exec(item)?.[1] ?? null));
  return times.length === 0 ? Number.NaN : Math.max(...times);
}
