// What a security event means for connections, as plain data, and whom it is about.

/** All of them close or ask again; none opens anything. */
export type SignalKind = 'sessionRevoked' | 'credentialChange' | 'tokenClaimsChange';

export interface Signal {
  readonly kind: SignalKind;
  /** The event's own name (`jti`). */
  readonly id: string;
  /** `sub` at an issuer, or an address. */
  readonly subject: { readonly id?: string; readonly issuer?: string; readonly email?: string };
  /** When it happened there, wall clock, milliseconds; a sign-in from later is not meant. */
  readonly atMs: number;
  /** The administrator's words, cleaned for showing; to be escaped like any other party's text. */
  readonly reason?: string;
}

/** Whether it is about this person. An address counts only where no account is named. */
export function isAbout(
  { subject }: Signal,
  person: { readonly id: string; readonly email: string | undefined; readonly issuer: string },
): boolean {
  if (subject.id !== undefined) return subject.id === person.id && subject.issuer === person.issuer;
  return subject.email !== undefined && subject.email.toLowerCase() === person.email?.toLowerCase();
}
