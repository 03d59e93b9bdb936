// One message, one meaning. Attacker: a client whose bytes the gateway reads as one call and the server as
// another, because readers of JSON differ in which of two equal names they take, in whether case counts,
// and in what they make of bytes that are no UTF-8.
import { ConnectError } from '../core/errors.ts';

const strict = { fatal: true, ignoreBOM: true };
const ofMessages = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const ofParams = ['name', 'uri', 'arguments', '_meta', 'requestId', 'protocolVersion'];

/**
 * The JSON value in `body`, if every reader finds the same in it.
 * @throws gateway.messageInvalid
 * @see RFC 7493 §2.1, §2.3
 */
export function readPlain(body: Uint8Array): unknown {
  const text = attempt(() => new TextDecoder('utf-8', strict).decode(body));
  const value = attempt((): unknown => JSON.parse(text));
  // What is exactly as JSON.stringify writes it says nothing twice: nearly all there is, and fast.
  const isOnce = JSON.stringify(value) === text || namesOnce(text);
  if (!isOnce || !isOneKind(value)) throw doubtful();
  const params = memberOf(value, 'params');
  if (isRespelt(value, ofMessages) || isRespelt(params, ofParams)) throw doubtful();
  return value;
}

const doubtful = () =>
  new ConnectError('gateway.messageInvalid', { reason: 'it can be read twice' });

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConnectError('gateway.messageInvalid', {}, { cause: error });
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) ? value[name] : undefined;

/** Not a request and an answer in one. */
const isOneKind = (value: unknown): boolean =>
  !isObject(value) || !('method' in value) || !('result' in value || 'error' in value);

/** A name that some readers take for one of `names`: upper case first, for ſ and the Kelvin sign. */
const isRespelt = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) &&
  Object.keys(value).some(
    (name) => !names.includes(name) && names.some((one) => folded(one) === folded(name)),
  );

const folded = (name: string): string => name.toUpperCase().toLowerCase();

/** Whether no object in the JSON text `text` has two members of one name. */
function namesOnce(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  const mark = /["{}[\]]/g;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const [sign] = found;
    if (sign === '{') open.push(new Set());
    else if (sign === '[') open.push(undefined);
    else if (sign !== '"') open.pop();
    else {
      const end = endOfString(text, found.index);
      mark.lastIndex = end;
      if (!isName(text, end)) continue;
      const name = JSON.parse(text.slice(found.index, end)) as string;
      if (open.at(-1)?.has(name) === true) return false;
      open.at(-1)?.add(name);
    }
  }
  return true;
}

/** After the quotation mark that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    let before = at;
    while (text[before - 1] === '\\') before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
}

function isName(text: string, end: number): boolean {
  const next = /\s*(.)/sy;
  next.lastIndex = end;
  return next.exec(text)?.[1] === ':';
}
