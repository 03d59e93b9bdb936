// Which URLs may be talked to at all.

const loopbackHost = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** http is for this computer only; everything else is https. */
export function isSecureUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && loopbackHost.test(url.hostname);
}

/** Host and port for people and logs; never the path or the query. */
export const hostOf = (value: string): string => URL.parse(value)?.host ?? '';
