// What goes on of some bytes, most of them as they are: stretches of the source are not copied.
const lineFeed = Buffer.from('\n');

export class Passed {
  readonly source: Buffer;
  readonly #pieces: Buffer[] = [];
  #from = 0;
  #end = 0;

  constructor(source: Buffer) {
    this.source = source;
  }

  verbatim(from: number, end: number): void {
    if (from !== this.#end) {
      this.#close();
      this.#from = from;
    }
    this.#end = end;
  }

  other(bytes: Buffer): void {
    this.#close();
    this.#pieces.push(bytes);
  }

  /** For the line end at `at`, whichever it is. */
  lineFeed(at: number): void {
    if (this.source[at] === lineFeed[0]) this.verbatim(at, at + 1);
    else this.other(lineFeed);
  }

  all(): Buffer {
    this.#close();
    const [only = Buffer.alloc(0), ...more] = this.#pieces;
    return more.length === 0 ? only : Buffer.concat(this.#pieces);
  }

  #close(): void {
    if (this.#end > this.#from) this.#pieces.push(this.source.subarray(this.#from, this.#end));
    this.#from = this.#end;
  }
}
