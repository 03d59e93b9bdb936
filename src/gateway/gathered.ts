// Bytes that come in pieces: one piece stays what it is, more are copied together, each a few times at most
// however small they are.
export class Gathered {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  /** `#bytes` is ours, and may have room behind what is used of it. */
  #isOwn = false;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) {
      this.#bytes = piece;
      this.#isOwn = false;
    } else {
      if (!this.#isOwn || this.#bytes.length < length) this.#makeRoom(2 * length);
      piece.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  /** All so far, and begins anew. */
  take(): Buffer {
    const all = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return all;
  }

  #makeRoom(size: number): void {
    const bytes = Buffer.allocUnsafe(size);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    this.#isOwn = true;
  }
}
