// One server in a client's file, reduced to what may be kept of it. Invariant: nothing secret is left.
import { addressOf, urlsIn, type Address } from './address.ts';
import { authenticationOf, type Authentication } from './authentication.ts';
import { at, isRecord, stringsOf } from './member.ts';
import { looksSecret } from './secretShape.ts';

/** Where in the text, in characters after a byte order mark. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** 1 for the first. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

export interface ConfiguredServer {
  /** Undefined where only its address was found. */
  readonly name: string | undefined;
  readonly lines: Lines;
  readonly addresses: readonly Address[];
  /** A program on this computer is started, and it connects. */
  readonly viaCommand: boolean;
  readonly authentication: Authentication;
  /** Turned off in the file. */
  readonly isOff: boolean;
  /** Where it can be cut out; only of JSON. */
  readonly span: Span | undefined;
}

export interface Place {
  readonly name: string | undefined;
  readonly lines: Lines;
  readonly span?: Span | undefined;
}

const maxWords = 256;
const urlKeys = ['url', 'httpUrl', 'serverUrl', 'uri', 'serverURL'];

/** Reads an entry of any client; undefined when it names no address at all. */
export function configuredServer(value: unknown, place: Place): ConfiguredServer | undefined {
  const objects = [value, at(value, 'transport'), at(value, 'command')].filter(isRecord);
  const words = objects
    .flatMap((one) => [at(one, 'command'), at(one, 'path'), at(one, 'args')])
    .flat()
    .filter((word) => typeof word === 'string')
    .slice(0, maxWords);
  const named = objects.flatMap((one) => urlKeys.map((key) => at(one, key))).filter(isText);
  const variables = objects.flatMap((one) => [
    ...stringsOf(at(one, 'env')),
    ...stringsOf(at(one, 'environment')),
  ]);
  const bridged = [...words, ...variables.map(([, text]) => text)].flatMap(urlsIn);
  const urls = [...named, ...bridged];
  const addresses = urls.map(addressOf).filter((address) => address !== undefined);
  if (addresses.length === 0) return undefined;
  // A key where the name belongs is not a name, and without one nothing is cut out.
  const isNamed = place.name !== undefined && !looksSecret(place.name);
  return {
    name: isNamed ? place.name : undefined,
    lines: place.lines,
    addresses,
    viaCommand: named.length === 0,
    authentication: authenticationOf({ objects, words, urls }),
    isOff: objects.some((one) => at(one, 'disabled') === true || at(one, 'enabled') === false),
    span: isNamed ? place.span : undefined,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
