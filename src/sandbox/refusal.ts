// A "no" the way one vendor or another says it.
import type { RefusalStyle } from './setup.ts';

export class Refusal extends Error {
  readonly status: number;
  /** What the answer says besides `error` and `error_description`. */
  readonly details: Readonly<Record<string, string | number>>;
  readonly error: string;

  constructor(
    { error, status = 400, description }: RefusalStyle,
    details: Readonly<Record<string, string | number>> = {},
  ) {
    super(description ?? error);
    this.error = error;
    this.status = status;
    this.details = details;
  }

  get body(): Readonly<Record<string, string | number>> {
    return { error: this.error, error_description: this.message, ...this.details };
  }
}
