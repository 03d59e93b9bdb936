// What an administrator broke on purpose.
export interface Faults {
  readonly identityProviderDown: boolean;
  readonly authorizationServerDown: readonly string[];
  readonly serverDown: readonly string[];
  /** `reset` drops the connection without an answer, `unavailable` answers 503. */
  readonly downAs: 'reset' | 'unavailable';
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
