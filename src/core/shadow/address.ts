// Addresses made comparable. Invariant: no secret survives in one: neither query, nor user name, nor a part
// of the path that looks like a key.
import { looksSecret } from './secretShape.ts';

export interface Address {
  /** Lower case, with the port where it is not the scheme's own. */
  readonly host: string;
  /** Without a slash at its end. */
  readonly path: string;
}

const inText = /\bhttps?:\/\/[^\s"'<>`\\,]+/gi;
const maxInText = 64;

/** http and https count as the same: who configures http means that server too. */
export function addressOf(value: string): Address | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const name = url.hostname.replace(/\.$/, '');
  const isDefault = url.port === '' || url.port === '80' || url.port === '443';
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const path = segments.map((segment) => `/${looksSecret(segment) ? '…' : segment}`).join('');
  return { host: isDefault ? name : `${name}:${url.port}`, path };
}

/** Every http address in a piece of text. */
export const urlsIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(inText), ([url]) => url).slice(0, maxInText);
