// The company sessions as others in the editor may see them: who is signed in, and nothing that opens a door.
import type { Overview } from './overview.ts';

export interface IdentitySession {
  /** Of the identity provider and the account, so renewals do not change it. */
  readonly id: string;
  readonly identityProvider: string;
  readonly account: { readonly id: string; readonly label: string };
}

export function identitySessions({ people }: Overview): readonly IdentitySession[] {
  return people.flatMap(({ identityProvider, session }) =>
    session.kind === 'signedIn'
      ? [
          {
            id: JSON.stringify([identityProvider, session.account.id]),
            identityProvider,
            account: session.account,
          },
        ]
      : [],
  );
}
