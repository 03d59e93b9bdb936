// Server-sent events on their way through: data passes as it comes, everything else line by line from an
// allow-list. Attacker: a server that sends `event: endpoint` makes VS Code fall back to an older
// transport and post everything, the gateway's key included, to an address of the server's choice.
// Works on bytes and hands them on uncopied: to make text of them costs more than all the rest.
import { ConnectError } from '../core/errors.ts';
import { Gathered } from './gathered.ts';
import { Passed } from './passed.ts';

export interface ServerEvent {
  /** The data, or its beginning when it is very long; other data is there after the next push. */
  readonly data: Buffer;
  /** The last bytes of the data when `data` is only its beginning. */
  readonly tail?: Buffer;
}

/** Longer data passes too, but is not kept to be looked at. */
const maxKept = 1_048_576;
const tailLength = 512;
const maxLine = 8_192;
const maxRetryMs = 60_000;
const feed = 10;
const back = 13;
const dataField = 'data:';

export class EventFilter {
  readonly #onEvent: (event: ServerEvent) => unknown;
  readonly #maxSeen: number | undefined;
  /** Where upstream wants to be taken up again. */
  lastEventId: string | undefined;
  retryMs: number | undefined;
  #afterReturn = false;
  #isData = false;
  /** The line so far, unless it is data, a character per byte. */
  #line = '';
  readonly #data = new Gathered();
  /** The end of data too long to keep. */
  #tail: Buffer | undefined;
  /** Between two lines of data. */
  #isBroken = false;
  #eventId: string | undefined;
  /** The event is of a kind that nobody reads, whatever its data says. */
  #isIgnored = false;

  /**
   * @param onEvent false: the client must not read it
   * @param maxSeen how long data may be that must be seen whole; without: any, of which the ends are
   */
  constructor(onEvent: (event: ServerEvent) => unknown, maxSeen?: number) {
    this.#onEvent = onEvent;
    this.#maxSeen = maxSeen;
  }

  /**
   * What of `bytes` may go to the client, line ends made the same.
   * @throws server.protocolError where data is longer than `maxSeen`
   */
  push(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    const passed = new Passed(bytes);
    let from = this.#afterReturn && bytes[0] === feed ? 1 : 0;
    this.#afterReturn = bytes.at(-1) === back;
    const next = lineEnds(bytes);
    for (let end = next(from); end !== -1; end = next(from)) {
      this.#part(passed, from, end);
      this.#endLine(passed, end);
      from = end + (bytes[end] === back && bytes[end + 1] === feed ? 2 : 1);
    }
    this.#part(passed, from, bytes.length);
    return passed.all();
  }

  #part(passed: Passed, from: number, end: number): void {
    if (from === end) return;
    if (this.#isData) {
      this.#keep(passed.source.subarray(from, end));
      passed.verbatim(from, end);
      return;
    }
    const before = this.#line;
    this.#line += passed.source.toString('latin1', from, Math.min(end, from + maxLine + 1));
    if (this.#line.startsWith(dataField)) this.#beginData(passed, { before, from, end });
    // Too long to be anything that may pass; endLine drops what does not look like a field.
    else if (this.#line.length > maxLine) this.#line = '\0';
  }

  #beginData(passed: Passed, line: { before: string; from: number; end: number }): void {
    const { before, from, end } = line;
    this.#line = '';
    this.#isData = true;
    if (this.#isBroken) this.#keep(Buffer.from('\n'));
    this.#keep(passed.source.subarray(from + dataField.length - before.length, end));
    if (before !== '') passed.other(Buffer.from(before));
    passed.verbatim(from, end);
  }

  #endLine(passed: Passed, end: number): void {
    const line = this.#line;
    this.#line = '';
    if (this.#isData) {
      this.#isData = false;
      this.#isBroken = true;
    } else if (line === '') this.#dispatch(passed);
    else {
      const field = line.startsWith(':') ? line : this.#field(line);
      if (field === undefined) return;
      const from = end - line.length;
      if (field === line && from >= 0) passed.verbatim(from, end);
      else passed.other(Buffer.from(field, 'latin1'));
    }
    passed.lineFeed(end);
  }

  #field(line: string): string | undefined {
    const [, name = '', value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === 'event') {
      this.#isIgnored = value !== 'message';
      return this.#isIgnored ? 'event: ignored' : 'event: message';
    }
    if (name === 'id' && !value.includes('\0')) {
      this.#eventId = Buffer.from(value, 'latin1').toString();
      return `id: ${value}`;
    }
    if (name === 'retry' && /^\d{1,5}$/.test(value) && Number(value) <= maxRetryMs) {
      this.retryMs = Number(value);
      return `retry: ${value}`;
    }
    return undefined;
  }

  #keep(bytes: Buffer): void {
    const mayKeep = this.#maxSeen ?? maxKept;
    if (this.#tail === undefined && this.#data.length + bytes.length <= mayKeep) {
      this.#data.add(bytes);
      return;
    }
    if (this.#maxSeen !== undefined) throw new ConnectError('server.protocolError');
    if (this.#tail === undefined) {
      this.#tail = this.#data.take();
      this.#data.add((this.#tail.length > 0 ? this.#tail : bytes).subarray(0, tailLength));
    }
    this.#tail = Buffer.concat([this.#tail.subarray(-tailLength), bytes.subarray(-tailLength)]);
  }

  #dispatch(passed: Passed): void {
    this.lastEventId = this.#eventId ?? this.lastEventId;
    const tail = this.#tail?.subarray(-tailLength);
    const event = { data: this.#data.bytes, ...(tail === undefined ? {} : { tail }) };
    this.#data.clear();
    this.#tail = undefined;
    this.#isBroken = false;
    const isRead = event.data.length > 0 && !this.#isIgnored;
    // Its data has gone out, but not its end.
    if (isRead && this.#onEvent(event) === false) passed.other(Buffer.from('event: ignored\n'));
    this.#isIgnored = false;
  }
}

/** Finds the next line end from a place on; each byte is looked at twice at most. */
function lineEnds(bytes: Buffer): (from: number) => number {
  const at = { feed: -1, back: -1 };
  const nextOf = (byte: number, before: number, from: number): number => {
    if (before >= from) return before;
    const found = bytes.indexOf(byte, from);
    return found === -1 ? bytes.length : found;
  };
  return (from) => {
    at.feed = nextOf(feed, at.feed, from);
    at.back = nextOf(back, at.back, from);
    const end = Math.min(at.feed, at.back);
    return end === bytes.length ? -1 : end;
  };
}

/** A JSON body as the data of one event: line ends stand between JSON tokens only. */
export function framed(json: Buffer): Buffer {
  if (!json.includes(feed) && !json.includes(back)) return json;
  return Buffer.from(json.map((byte) => (byte === feed || byte === back ? 32 : byte)));
}
