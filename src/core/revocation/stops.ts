// What the organization has closed, as plain data, and what follows from it.

/** Times are wall clock, milliseconds. */
export interface Stops {
  /** Never goes down. */
  readonly sequence: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly all: boolean;
  readonly servers: readonly string[];
  /** Sign-ins from before are over; by account, `*` for everybody. */
  readonly signedInBeforeMs: Readonly<Record<string, number>>;
}

export const stopsServer = ({ all, servers }: Stops, serverId: string): boolean =>
  all || servers.includes(serverId);

/** Whether a sign-in of this account, made at `sinceMs`, is over. */
export function endsSession(
  { signedInBeforeMs }: Stops,
  account: { readonly id: string; readonly sinceMs: number },
): boolean {
  return [account.id, '*'].some(
    (who) => Object.hasOwn(signedInBeforeMs, who) && account.sinceMs < (signedInBeforeMs[who] ?? 0),
  );
}
