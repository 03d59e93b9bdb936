// What a verified event means for the sign-in that is in force.
import type { CompanySessionState } from '../overview.ts';
import { isAbout, type Signal } from './signal.ts';

/** `ended`: the sign-in is over; `ask`: whether access still stands is to be asked now. */
export function meaningOf(
  signal: Signal,
  session: CompanySessionState,
  issuer: string,
): 'ended' | 'ask' | 'nothing' {
  if (session.kind !== 'signedIn') return 'nothing';
  const { account, sinceMs } = session;
  const email = account.label.includes('@') ? account.label : undefined;
  if (!isAbout(signal, { id: account.id, email, issuer })) return 'nothing';
  // What happened before this sign-in does not touch it.
  return signal.kind === 'sessionRevoked' && signal.atMs >= sinceMs ? 'ended' : 'ask';
}
