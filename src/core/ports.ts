// What core needs from outside. vscode/ and node/ implement these; tests give fakes.
import type { Facts } from './errors.ts';

export interface Disposable {
  dispose(): void;
}

/** Subscribes a listener; the answer ends the subscription. */
export type Event<T> = (listener: (event: T) => void) => Disposable;

export interface Clock {
  /** Wall clock, milliseconds since the epoch. For showing and for `exp`. */
  now(): number;
  /** Monotonic milliseconds. For lifetimes and time-outs. */
  monotonic(): number;
  /** Runs `task` once after `delayMs` unless disposed before. */
  schedule(delayMs: number, task: () => void): Disposable;
}

/** VS Code's SecretStorage, or memory in tests. Rejects when the keyring is gone. */
export interface SecretStore {
  get(key: string): Promise<string | undefined>;
  store(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** One that can be emptied, whatever was put into it by whatever version. */
export interface ListedSecretStore extends SecretStore {
  keys(): Promise<readonly string[]>;
  /** A key whose value was stored or deleted, here or in another window; where the store can tell. */
  readonly onDidChange?: Event<string>;
}

/** Small choices of the person that survive a reload; never anything secret. */
export interface Preferences {
  get(key: string): unknown;
  set(key: string, value: unknown): Promise<void>;
}

/** Opens the system browser. The URL is a string so that nested encoding survives. */
export type OpenUrl = (url: string) => Promise<boolean>;

/** Waits for the identity provider to send the browser back. One use each. */
export interface RedirectReceiver {
  readonly redirectUri: string;
  /**
   * The full redirect URL that carried `state`.
   * @throws user.cancelled when `signal` aborts, user.timedOut when nobody came back in time
   */
  wait(state: string, signal: AbortSignal): Promise<URL>;
  dispose(): void;
}

export type StartRedirectReceiver = () => Promise<RedirectReceiver>;

/** What a person enters on any device to sign in. @see RFC 8628 §3.2 */
export interface SignInCode {
  readonly userCode: string;
  /** Safe to open in a browser. */
  readonly verificationUri: string;
  /** The same with the code in it. */
  readonly verificationUriComplete?: string;
  readonly expiresAtMs: number;
}

/** Shows the code for as long as it takes; not waited for, but a rejection ends the sign-in. */
export type ShowCode = (code: SignInCode) => Promise<void> | void;

export type Fetch = typeof globalThis.fetch;

/** One channel for people. Implementations never add more than message and facts. */
export interface Log {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
}
