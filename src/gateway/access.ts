// Who may speak to the gateway, decided on the request's head alone. Invariant: without the key nothing
// is told apart: every other answer is 404, except to browsers, which alone send Origin.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Spelled so: the one header that VS Code leaves out of its own trace log. It never goes upstream. */
const keyHeader = 'Authorization';
const serverPath = /^\/mcp\/([a-z0-9-]{1,64})$/;
const methods = ['POST', 'GET', 'DELETE'] as const;

export type Method = (typeof methods)[number];

/** What opens the gateway. */
export interface Keys {
  /** @param given the whole header */
  matches(given: string): boolean;
  /** Whose key it is, where there are several clients. */
  clientOf?(given: string): string | undefined;
}

/** One per window launch, 256 bit; the value leaves this closure in `header` only. */
export interface GatewayKey extends Keys {
  header(): Readonly<Record<string, string>>;
}

export function createKey(): GatewayKey {
  const value = randomBytes(32).toString('base64url');
  const expected = digest(`Bearer ${value}`);
  return {
    header: () => ({ [keyHeader]: `Bearer ${value}` }),
    // Of the digests: equal length, and no time that tells how much was right.
    matches: (given) => timingSafeEqual(digest(given), expected),
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export interface RequestHead {
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  /** By name in lower case, every line of it. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** @param raw names and values in turn, as node:http's `rawHeaders` */
export function readHead(method: string, target: string, raw: readonly string[]): RequestHead {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [raw[at + 1] ?? '']);
    else values.push(raw[at + 1] ?? '');
  }
  return { method, target, headers };
}

export type Admission =
  | {
      readonly method: Method;
      readonly serverId: string;
      /** Of several. */
      readonly clientId?: string;
    }
  | { readonly status: 403 | 404 | 405 | 421 };

/** Lets in, or names the status of an answer without body. */
export function admit(
  { method, target, headers }: RequestHead,
  { host, key }: { host: string; key: Keys },
): Admission {
  if (headers.has('origin')) return { status: 403 };
  // Another name for this address is how a rebound DNS name arrives.
  if (only(headers.get('host')) !== host) return { status: 421 };
  const given = only(headers.get(keyHeader.toLowerCase()));
  if (given === undefined || !key.matches(given)) return { status: 404 };
  const serverId = serverPath.exec(target)?.[1];
  if (serverId === undefined) return { status: 404 };
  const known = methods.find((one) => one === method);
  if (known === undefined) return { status: 405 };
  const clientId = key.clientOf?.(given);
  return { method: known, serverId, ...(clientId === undefined ? {} : { clientId }) };
}

const only = (values: readonly string[] | undefined): string | undefined =>
  values?.length === 1 ? values[0] : undefined;
