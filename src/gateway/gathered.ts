// Bytes that come in pieces: one piece stays what it is, more are copied together, each a few times at most
// however small they are.
const none = Buffer.alloc(0);

export class Gathered {
  #bytes: Buffer = none;
  #length = 0;
  /** Ours, and used again: a long stream of events would leave one behind for each. */
  #room: Buffer = none;

  get length(): number {
    return this.#length;
  }

  /** All so far; to be read before anything is added after `clear`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) {
      this.#bytes = piece;
    } else {
      this.#makeRoom(length);
      piece.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  clear(): void {
    this.#bytes = none;
    this.#length = 0;
  }

  /** All so far, for good, and begins anew. */
  take(): Buffer {
    const all = this.bytes;
    this.#room = none;
    this.clear();
    return all;
  }

  #makeRoom(length: number): void {
    const isThere = this.#bytes === this.#room;
    const room = this.#room.length < length ? Buffer.allocUnsafe(2 * length) : this.#room;
    if (!isThere || room !== this.#room) this.#bytes.copy(room, 0, 0, this.#length);
    this.#bytes = room;
    this.#room = room;
  }
}
