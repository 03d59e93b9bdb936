// The two ends of a link that stands: the window that asks, and the window that answers.
import { ConnectError } from '../core/errors.ts';
import { errorFrom, errorMessage } from '../core/windows/errorMessage.ts';
import type { Frame, FrameOf } from '../core/windows/frame.ts';
import type { Answer } from '../core/windows/link.ts';
import type { WindowSocket } from './windowLinkSocket.ts';

/** A leader that does not even say that it has heard in this time hangs, milliseconds. */
const heardMs = 5_000;

const gone = () => new ConnectError('gateway.closed', { reason: 'the window that leads is gone' });

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ConnectError) => void;
  readonly heard: NodeJS.Timeout;
}

/** What a window has that follows another one. */
export class AskingEnd {
  readonly #socket: WindowSocket;
  readonly #onMessage: (message: unknown) => void;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(socket: WindowSocket, onMessage: (message: unknown) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.open((frame) => {
      this.#take(frame);
    });
    void socket.closed.then(() => {
      for (const id of [...this.#pending.keys()])
        this.#take({ kind: 'refusal', id, error: gone() });
    });
  }

  /** @throws gateway.closed, what the other end threw, the signal's error */
  async request(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted === true) throw ConnectError.from(signal.reason);
    const id = ++this.#last;
    const cancel = () => {
      this.#socket.send({ kind: 'cancel', id });
      this.#take({ kind: 'refusal', id, error: ConnectError.from(signal?.reason) });
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        const heard = setTimeout(() => {
          this.#socket.close();
        }, heardMs);
        this.#pending.set(id, { resolve, reject, heard });
        this.#socket.send({ kind: 'ask', id, method, params });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#forget(id);
    }
  }

  tell(message: unknown): void {
    this.#socket.send({ kind: 'tell', message });
  }

  close(): void {
    this.#socket.close();
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case 'heard':
        clearTimeout(this.#pending.get(frame.id)?.heard);
        break;
      case 'answer':
        this.#pending.get(frame.id)?.resolve(frame.result);
        break;
      case 'refusal': {
        const { error } = frame;
        const isOurs = error instanceof ConnectError;
        this.#pending.get(frame.id)?.reject(isOurs ? error : errorFrom(error));
        break;
      }
      case 'tell':
        this.#onMessage(frame.message);
        break;
      default:
        this.#socket.close();
    }
  }

  #forget(id: number): void {
    clearTimeout(this.#pending.get(id)?.heard);
    this.#pending.delete(id);
  }
}

/** What the window that leads has for each window that follows. */
export class AnsweringEnd {
  readonly #socket: WindowSocket;
  readonly #deps: { answer: Answer; onMessage: (message: unknown) => void };
  readonly #underWay = new Map<number, AbortController>();

  constructor(
    socket: WindowSocket,
    deps: { answer: Answer; onMessage: (message: unknown) => void },
  ) {
    this.#socket = socket;
    this.#deps = deps;
    socket.open((frame) => {
      this.#take(frame);
    });
    // Nobody waits for it any more.
    void socket.closed.then(() => {
      for (const controller of this.#underWay.values()) controller.abort(gone());
    });
  }

  tell(message: unknown): void {
    this.#socket.send({ kind: 'tell', message });
  }

  close(): void {
    this.#socket.close();
  }

  #take(frame: Frame): void {
    if (frame.kind === 'ask') void this.#answer(frame);
    else if (frame.kind === 'tell') this.#deps.onMessage(frame.message);
    else if (frame.kind === 'cancel') {
      this.#underWay.get(frame.id)?.abort(new ConnectError('user.cancelled'));
    } else this.#socket.close();
  }

  async #answer({ id, method, params }: FrameOf<'ask'>): Promise<void> {
    const controller = new AbortController();
    this.#underWay.set(id, controller);
    this.#socket.send({ kind: 'heard', id });
    try {
      const result = await this.#deps.answer(method, params, controller.signal);
      this.#socket.send({ kind: 'answer', id, result });
    } catch (error) {
      const known = errorMessage(ConnectError.from(error));
      this.#socket.send({ kind: 'refusal', id, error: known });
    } finally {
      this.#underWay.delete(id);
    }
  }
}
