// The newest ID token of a company sign-in, in the memory of all windows: where a renewal may not be repeated,
// whoever takes over goes on with it as long as it lives.
import * as v from 'valibot';
import { Secret } from '../secret.ts';
import type { IdToken } from '../signIn/signIn.ts';
import type { ReplicatedSecrets } from './replicatedSecrets.ts';

const text = v.optional(v.string());
const schema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    accountId: v.string(),
    token: v.string(),
    expiresAtMs: v.number(),
    membership: v.object({ emailDomain: text, hostedDomain: text, tenant: text }),
  }),
);

/** Of one identity provider; of another account than the one signed in there is none. */
export const sharedIdToken = (
  name: string,
  secrets: Pick<ReplicatedSecrets, 'share' | 'shared'>,
  accountId: () => string | undefined,
) => ({
  keep: ({ token, expiresAtMs, membership }: IdToken): void => {
    const kept = { accountId: accountId(), token: token.reveal(), expiresAtMs, membership };
    secrets.share(name, JSON.stringify(kept));
  },
  newest: (): IdToken | undefined => {
    const read = v.safeParse(schema, secrets.shared(name));
    if (!read.success || read.output.accountId !== accountId()) return undefined;
    const { token, expiresAtMs, membership } = read.output;
    return { token: new Secret(token), expiresAtMs, membership };
  },
});
