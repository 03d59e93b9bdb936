// Answers that broke off and that the client asks for itself, on an event stream of its own. Invariant:
// each is answered all the same; where upstream no longer can, by us.
import { holdsAnswer, type AnswerWatch, type Outcome } from './answerWatch.ts';
import type { ServerEvent } from './eventFilter.ts';
import type { McpRequest } from './mcpMessage.ts';

export interface Awaited {
  readonly request: McpRequest;
  readonly watch: AnswerWatch;
  /** Told once it has been answered. */
  readonly answered: (outcome: Outcome | 'denied') => void;
}

/** A client that never asks must not fill the memory. */
const maxAwaited = 64;

export class HandedOver {
  readonly #awaited = new Set<Awaited>();

  add(one: Awaited): void {
    this.#awaited.add(one);
    const [oldest] = this.#awaited;
    if (oldest !== undefined && this.#awaited.size > maxAwaited) this.#settle(oldest, 'error');
  }

  /**
   * An event on its way to the client: it may be one of the answers.
   * @returns false for an answer to anything else
   */
  see(event: ServerEvent): boolean {
    for (const one of this.#awaited) {
      one.watch.see(event);
      if (one.watch.outcome === undefined) continue;
      this.#settle(one, one.watch.outcome);
      return true;
    }
    return !holdsAnswer(event);
  }

  /** All of them, which whoever asks here answers. */
  take(outcome: 'error' | 'denied'): readonly McpRequest[] {
    return [...this.#awaited].map((one) => {
      this.#settle(one, outcome);
      return one.request;
    });
  }

  #settle(one: Awaited, outcome: Outcome | 'denied'): void {
    this.#awaited.delete(one);
    one.answered(outcome);
  }
}
