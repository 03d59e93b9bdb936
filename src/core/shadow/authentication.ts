// How a configured server proves who it is, as far as its file shows. Invariant: of a secret only the place
// and the name are kept, never the value.
import { looksSecret, namesSecret, shownName } from './secretShape.ts';
import { at, isRecord, stringsOf } from './member.ts';

export type KeyPlace = 'header' | 'variable' | 'argument' | 'address' | 'setting';

export type Authentication =
  /** It signs each person in by itself. */
  | { readonly kind: 'ownOAuth' }
  | { readonly kind: 'staticKey'; readonly where: KeyPlace; readonly name: string | undefined }
  /** VS Code's own enterprise-managed sign-in. */
  | { readonly kind: 'enterpriseManaged' }
  | { readonly kind: 'unknown' };

/** What an entry is made of, whichever client's shape it has. */
export interface Parts {
  readonly objects: readonly unknown[];
  /** The command and its arguments. */
  readonly words: readonly string[];
  readonly urls: readonly string[];
}

type StaticKey = Extract<Authentication, { kind: 'staticKey' }>;

const staticKey = (where: KeyPlace, name: string): StaticKey => ({
  kind: 'staticKey',
  where,
  name: shownName(name),
});

/** Bridges that sign the person in by themselves. */
const signingBridge = /^(mcp-remote|@modelcontextprotocol\/mcp-remote)(@|$)/;

export function authenticationOf(parts: Parts): Authentication {
  const { objects, words } = parts;
  const any = (key: string, fits: (value: unknown) => boolean) =>
    objects.some((one) => fits(at(one, key)));
  if (objects.some((one) => at(one, 'oauth', 'enterpriseManaged') === true)) {
    return { kind: 'enterpriseManaged' };
  }
  const key = keyIn(parts);
  if (key !== undefined) return key;
  // A script makes the headers; or no sign-in is wanted, and then the server may be open.
  if (any('headersHelper', (value) => value !== undefined)) return { kind: 'unknown' };
  if (any('oauth', isRecord)) return { kind: 'ownOAuth' };
  if (any('oauth', (value) => value === false)) return { kind: 'unknown' };
  if (words.length === 0 || words.some((word) => signingBridge.test(word))) {
    return { kind: 'ownOAuth' };
  }
  return { kind: 'unknown' };
}

const keyIn = (parts: Parts): StaticKey | undefined =>
  inHeaders(parts.objects) ??
  inSettings(parts.objects) ??
  inVariables(parts.objects) ??
  inArguments(parts.words) ??
  inAddress(parts.urls);

const headerKeys = [
  ['headers'],
  ['http_headers'],
  ['env_http_headers'],
  ['requestOptions', 'headers'],
  ['requestInit', 'headers'],
];

const inHeaders = (objects: readonly unknown[]): StaticKey | undefined =>
  objects
    .flatMap((one) => headerKeys.flatMap((keys) => stringsOf(at(one, ...keys))))
    .filter(isSecretPair)
    .map(([name]) => staticKey('header', name))[0];

const inVariables = (objects: readonly unknown[]): StaticKey | undefined =>
  objects
    .flatMap((one) => [...stringsOf(at(one, 'env')), ...stringsOf(at(one, 'environment'))])
    .filter(isSecretPair)
    .map(([name]) => staticKey('variable', name))[0];

function inSettings(objects: readonly unknown[]): StaticKey | undefined {
  const pairs = objects.flatMap(stringsOf);
  const variable = pairs.find(([name]) => name === 'bearer_token_env_var');
  if (variable !== undefined) return staticKey('variable', variable[1]);
  return pairs
    .filter(([name, value]) => name !== 'url' && isSecretPair([name, value]))
    .map(([name]) => staticKey('setting', name))[0];
}

const isSecretPair = ([name, value]: readonly [string, string]): boolean =>
  value.trim() !== '' && (namesSecret(name) || looksSecret(value));

const headerOption = /^(?:-H|--headers?)(?:=(.*))?$/s;
const option = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s;

function inArguments(words: readonly string[]): StaticKey | undefined {
  for (const [index, word] of words.entries()) {
    const found = inArgument(word, words[index + 1] ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

function inArgument(word: string, next: string): StaticKey | undefined {
  const header = headerOption.exec(word);
  if (header !== null) {
    const [name = '', ...value] = (header[1] ?? next).split(':');
    return isSecretPair([name, value.join(':')]) ? staticKey('header', name.trim()) : undefined;
  }
  const [, name = '', value] = option.exec(word) ?? [];
  if (name !== '') {
    const isSecret = namesSecret(name) && !(value ?? next).startsWith('-');
    return isSecret || looksSecret(value ?? '') ? staticKey('argument', name) : undefined;
  }
  return looksSecret(word) ? staticKey('argument', '') : undefined;
}

function inAddress(urls: readonly string[]): StaticKey | undefined {
  for (const url of urls.map((one) => URL.parse(one))) {
    if (url === null) continue;
    if (url.password !== '' || looksSecret(url.username)) return staticKey('address', '');
    const query = [...url.searchParams].find(isSecretPair);
    if (query !== undefined) return staticKey('address', query[0]);
    if (url.pathname.split('/').some(looksSecret)) return staticKey('address', '');
  }
  return undefined;
}
