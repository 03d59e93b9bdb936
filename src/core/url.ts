// Which URLs may be talked to at all.

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** Browsers keep these names on this computer (RFC 6761 §6.3); a resolver may say anything about them. */
const browserLoopbackHost = /\.localhost$/;

/** http is for this computer only; everything else is https. */
export function isSecureUrl(value: string, openedBy: 'us' | 'browser' = 'us'): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  const isHere =
    loopbackHost.test(url.hostname) ||
    (openedBy === 'browser' && browserLoopbackHost.test(url.hostname));
  return url.protocol === 'http:' && isHere;
}

/** Host and port for people and logs; never the path or the query. */
export const hostOf = (value: string): string => URL.parse(value)?.host ?? '';
