// A credential that prints as [secret]. Invariant: reveal() is called only where the value goes on
// the wire or into SecretStorage; test/unit/secret.test.ts pins the list of callers.
const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Holds one credential; string, JSON and inspect all show `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  equals(other: Secret): boolean {
    return this.#value === other.reveal();
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect](): string {
    return '[secret]';
  }
}
