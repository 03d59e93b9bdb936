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

/** Absent secrets are equal to each other only. */
export const sameSecret = (one: Secret | undefined, other: Secret | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other);

/** Whether two entries say the same, secrets included. */
export function sameEntry<T extends object>(one: T, other: T): boolean {
  if (JSON.stringify(one) !== JSON.stringify(other)) return false;
  const [own, others] = [secretsIn(one), secretsIn(other)];
  return own.every((secret, index) => sameSecret(secret, others[index]));
}

const secretsIn = (entry: object): readonly Secret[] =>
  Object.values(entry).flatMap((value: unknown) => {
    if (value instanceof Secret) return [value];
    return typeof value === 'object' && value !== null ? secretsIn(value) : [];
  });
