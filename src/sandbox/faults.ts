// What an administrator broke on purpose.
export const waysDown = [
  /** Drops the connection without an answer. */
  'reset',
  /** 503. */
  'unavailable',
  /** 500. */
  'error',
  /** 429. */
  'busy',
  /** 429, and when to come again. */
  'busyForSeconds',
  /** The page of a network that wants a sign-in of its own. */
  'page',
  /** Takes the request and never answers. */
  'silent',
] as const;

export type WayDown = (typeof waysDown)[number];

export interface Faults {
  readonly identityProviderDown: boolean;
  readonly authorizationServerDown: readonly string[];
  readonly serverDown: readonly string[];
  readonly downAs: WayDown;
  /** Added to every answer of the company, not to this administration. */
  readonly latencyMs: number;
  /** Life of access tokens issued from now on. */
  readonly accessTokenSeconds: number;
}

export interface FaultSwitches {
  readonly current: Faults;
  set(changes: Partial<Faults>): void;
  clear(): void;
  onChange(listener: () => void): void;
}

export const plainAccessTokenSeconds = 3600;

const noFaults = {
  identityProviderDown: false,
  authorizationServerDown: [],
  serverDown: [],
  downAs: 'reset',
  accessTokenSeconds: plainAccessTokenSeconds,
} as const;

/** Switches for everything that can go wrong; `clear` goes back to `latencyMs` and nothing broken. */
export function createFaults(latencyMs: number): FaultSwitches {
  const state: { current: Faults } = { current: { ...noFaults, latencyMs } };
  const listeners: (() => void)[] = [];
  const change = (next: Faults) => {
    state.current = next;
    for (const listener of listeners) listener();
  };
  return {
    get current() {
      return state.current;
    },
    set: (changes) => {
      change({ ...state.current, ...changes });
    },
    clear: () => {
      change({ ...noFaults, latencyMs });
    },
    onChange: (listener) => listeners.push(listener),
  };
}
