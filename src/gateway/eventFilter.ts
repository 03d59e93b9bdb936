// Server-sent events on their way through: data passes as it comes, everything else line by line from an
// allow-list. Attacker: a server that sends `event: endpoint` makes VS Code fall back to an older
// transport and post everything, the gateway's key included, to an address of the server's choice.

export interface ServerEvent {
  /** The data, or its beginning when it is very long. */
  readonly data: string;
  /** The last characters of the data when `data` is only its beginning. */
  readonly tail?: string;
}

/** Longer data passes too, but is not kept to be looked at. */
const maxKept = 1_048_576;
const tailLength = 512;
const maxLine = 8_192;
const maxRetryMs = 60_000;

export class EventFilter {
  readonly #onEvent: (event: ServerEvent) => void;
  /** Where upstream wants to be taken up again. */
  lastEventId: string | undefined;
  retryMs: number | undefined;
  #afterReturn = false;
  #isData = false;
  /** The line so far, unless it is data. */
  #line = '';
  #data = '';
  #tail = '';
  #isLong = false;
  #eventId: string | undefined;

  constructor(onEvent: (event: ServerEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** What of `text` may go to the client, line ends made the same. */
  push(text: string): string {
    if (text === '') return '';
    const rest = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterReturn = text.endsWith('\r');
    const lines = rest.split(/\r\n|\r|\n/);
    const last = lines.pop() ?? '';
    let passed = '';
    for (const line of lines) passed += this.#part(line) + this.#endLine();
    return passed + this.#part(last);
  }

  #part(text: string): string {
    if (this.#isData) {
      this.#keep(text);
      return text;
    }
    this.#line += text;
    if (this.#line.startsWith('data:')) {
      const whole = this.#line;
      this.#line = '';
      this.#isData = true;
      this.#keep(whole.slice('data:'.length));
      return whole;
    }
    // Too long to be anything that may pass; endLine drops what does not look like a field.
    if (this.#line.length > maxLine) this.#line = '\0';
    return '';
  }

  #endLine(): string {
    if (this.#isData) {
      this.#isData = false;
      this.#keep('\n');
      return '\n';
    }
    const line = this.#line;
    this.#line = '';
    if (line === '') this.#dispatch();
    return line === '' || line.startsWith(':') ? `${line}\n` : this.#field(line);
  }

  #field(line: string): string {
    const [, name = '', value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === 'event') return value === 'message' ? 'event: message\n' : 'event: ignored\n';
    if (name === 'id' && !value.includes('\0')) {
      this.#eventId = value;
      return `id: ${value}\n`;
    }
    if (name === 'retry' && /^\d{1,5}$/.test(value) && Number(value) <= maxRetryMs) {
      this.retryMs = Number(value);
      return `retry: ${value}\n`;
    }
    return '';
  }

  #keep(text: string): void {
    if (!this.#isLong && this.#data.length + text.length <= maxKept) {
      this.#data += text;
      return;
    }
    const before = this.#isLong ? this.#tail : this.#data.slice(-tailLength);
    this.#isLong = true;
    this.#data = this.#data.slice(0, tailLength) || text.slice(0, tailLength);
    this.#tail = (before + text).slice(-tailLength);
  }

  #dispatch(): void {
    this.lastEventId = this.#eventId ?? this.lastEventId;
    const event = { data: this.#data, ...(this.#isLong ? { tail: this.#tail } : {}) };
    this.#data = '';
    this.#tail = '';
    this.#isLong = false;
    if (event.data !== '') this.#onEvent(event);
  }
}

/** A JSON body as the data of one event: line ends stand between JSON tokens only. */
export function framed(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
