// Connections that have not shown the key yet. Attacker: whoever opens thousands of them, or guesses, must
// not keep this window's own requests out.
import type { Socket } from 'node:net';

export class Strangers {
  readonly #most: number;
  /** In the order they came. */
  readonly #sockets = new Set<Socket>();
  readonly #refused = new WeakSet<Socket>();

  /** @param most more than can come at once (511 wait at most), or the window's own would be cut off */
  constructor(most: number) {
    this.#most = most;
  }

  /** A new connection; the oldest gives way when there are too many. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
    });
    const [oldest] = this.#sockets;
    if (this.#sockets.size > this.#most) oldest?.destroy();
  }

  /** It has shown the key. */
  admit(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  /** It has shown a wrong one, and is not asked again. */
  refuse(socket: Socket): void {
    this.#refused.add(socket);
  }

  isRefused(socket: Socket): boolean {
    return this.#refused.has(socket);
  }
}
