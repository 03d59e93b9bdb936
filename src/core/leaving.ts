// Out of one company for good: everything closed, and everybody told who can be.
import type { Connection } from './connection/connection.ts';
import type { CompanySession } from './signIn/companySession.ts';

interface Left {
  readonly connections: readonly Connection[];
  readonly session: CompanySession;
  /** Ends with everything under way, or after a time. */
  readonly settled: (other: Promise<unknown>) => Promise<void>;
}

/** @returns who could not be told that it is over, by name; `label` is the identity provider's */
export async function leaveNothing(
  label: string,
  { connections, session, settled }: Left,
): Promise<readonly string[]> {
  const untold = new Set<string>();
  const closings = connections.map(async (connection) => {
    const isTold = await connection.close({ type: 'signedOut' });
    if (isTold === false) untold.add(connection.server.label);
  });
  const wasSignedIn = session.person().session.kind === 'signedIn';
  const { revoke } = await session.signOut();
  if (wasSignedIn) untold.add(label);
  const leaving = revoke().then(
    (isTold) => {
      if (isTold) untold.delete(label);
    },
    () => undefined,
  );
  await settled(Promise.all([...closings, leaving]));
  return [...untold];
}
