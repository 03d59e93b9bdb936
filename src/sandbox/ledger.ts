// Who asked whom for what, in order. Invariant: no header, no query, no body and no path segment a
// client chose gets in here, so a token cannot.
export type PartyKind = 'identityProvider' | 'authorizationServer' | 'mcpServer';

export type Leg =
  | 'metadata'
  | 'signIn'
  | 'refresh'
  | 'exchange'
  | 'redemption'
  | 'revocation'
  | 'endSession'
  | 'mcp'
  | 'fallback'
  | 'other';

export interface LedgerEntry {
  readonly seq: number;
  readonly at: string;
  /** What the answer said in `X-Request-Id`: by this an administrator finds what a person reports. */
  readonly requestId: string;
  readonly party: PartyKind;
  readonly id: string;
  readonly endpoint: string;
  readonly method: string;
  readonly leg: Leg;
  readonly person?: string;
  readonly server?: string;
  /** JSON-RPC method, or the name of the tool called. */
  readonly detail?: string;
  readonly outcome: 'ok' | 'denied' | 'error';
  readonly error?: string;
  /** 0 when the request got no answer. */
  readonly status: number;
}

export interface Ledger {
  add(entry: Omit<LedgerEntry, 'seq' | 'at'>): void;
  since(seq: number): readonly LedgerEntry[];
  readonly last: number;
  /** Calls `listener` with every later entry until the returned function is called. */
  follow(listener: (entry: LedgerEntry) => void): () => void;
}

const keep = 20_000;

export function createLedger(): Ledger {
  const entries: LedgerEntry[] = [];
  const followers = new Set<(entry: LedgerEntry) => void>();
  return {
    add(entry) {
      const seq = (entries.at(-1)?.seq ?? 0) + 1;
      const full = { seq, at: new Date().toISOString(), ...entry };
      entries.push(full);
      if (entries.length > keep) entries.shift();
      for (const follower of followers) follower(full);
    },
    since: (seq) => entries.filter((entry) => entry.seq > seq),
    get last() {
      return entries.at(-1)?.seq ?? 0;
    },
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
  };
}
