// How the windows of one person on one computer reach each other: one leads, the others ask it. node/ makes
// it of a private socket; everything that crosses it is checked by whoever takes it.
import type { Disposable, Event } from '../ports.ts';

/** `choosing`: not known yet who leads. `alone`: nobody can be reached, each use of a refresh token is locked. */
export type Role = 'choosing' | 'leader' | 'follower' | 'alone';

/** Answers a question of another window; what it throws reaches that window as code and facts. */
export type Answer = (method: string, params: unknown, signal: AbortSignal) => Promise<unknown>;

export interface WindowLink extends Disposable {
  readonly role: Role;
  /** How many windows this one is linked with: of a leader its followers, of a follower its leader. */
  readonly others: number;
  readonly onDidChangeRole: Event<Role>;
  /** What another window told, in the order it was told. */
  readonly onMessage: Event<unknown>;
  /** Resolves when it is known who leads, within seconds. */
  settled(): Promise<Role>;
  /**
   * Asks the window that leads.
   * @throws gateway.closed when it cannot be reached (any more), otherwise what it threw
   */
  request(method: string, params: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Tells every other window; what is told is on its way when this returns. */
  broadcast(message: unknown): void;
  /** Answers as long as this window leads. */
  handle(answer: Answer): void;
}

/** Another number, another link: windows of different extension versions need not understand each other. */
export const wireVersion = 1;
