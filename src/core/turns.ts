// Who may go when: some work only alone, other work beside its like. First come, first served.

export class Turns {
  /** Ends when everything that came before has ended. */
  #everything: Promise<unknown> = Promise.resolve();
  /** Ends when the last one that wanted to be alone has ended. */
  #lastAlone: Promise<unknown> = Promise.resolve();

  alone<T>(task: () => Promise<T>): Promise<T> {
    const own = this.#everything.then(task);
    this.#everything = this.#lastAlone = own.catch(() => undefined);
    return own;
  }

  together<T>(task: () => Promise<T>): Promise<T> {
    const own = this.#lastAlone.then(task);
    this.#everything = Promise.allSettled([this.#everything, own]);
    return own;
  }
}
