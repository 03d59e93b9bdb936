// Sign-ins that fail, and sessions that end.
import assert from 'node:assert/strict';
import { bodyOf, inTheWay, rejection, toldFrom, toldOf, type Provocation } from './scene.ts';

export const identityProvider = {
  'identityProvider.metadataInvalid': ({ atSignIn }) =>
    atSignIn({ identityProvider: { tampering: 'metadataTokenEndpointElsewhere' } }),

  'identityProvider.signInRefused': ({ atSignIn }) =>
    atSignIn(
      {},
      {
        circumstances: {
          redirected: (to) => {
            if (to.pathname !== '/callback') return to;
            to.searchParams.delete('code');
            to.searchParams.set('error', 'access_denied');
            return to;
          },
        },
      },
    ),

  'identityProvider.responseInvalid': ({ atSignIn }) =>
    atSignIn({ identityProvider: { issParameter: 'wrong' } }),

  'identityProvider.idTokenInvalid': ({ atSignIn }) =>
    atSignIn({ identityProvider: { tampering: 'idTokenWrongAudience' } }),

  'identityProvider.clientRefused': ({ atSignIn }) =>
    atSignIn(
      {},
      { profile: { there: 'client_secret_basic', identityProvider: { clientSecret: 'another' } } },
    ),

  'identityProvider.clientSecretMissing': ({ atSignIn }) =>
    atSignIn({}, { profile: { identityProvider: { clientAuthentication: 'client_secret_post' } } }),

  'identityProvider.clientKeyMissing': ({ atSignIn }) =>
    atSignIn({}, { profile: { identityProvider: { clientAuthentication: 'private_key_jwt' } } }),

  'identityProvider.pkceNotOffered': ({ atSignIn }) =>
    atSignIn({ identityProvider: { advertisesPkce: false } }),

  'identityProvider.deviceCodeNotOffered': async ({ open }) => {
    const at = await open({});
    const alice = await at.employee('alice');
    const done = alice.signIn('acme', { withCode: () => undefined });
    return toldOf(alice, await rejection(done));
  },

  'identityProvider.accountMismatch': async ({ signedIn }) => {
    const { alice } = await signedIn({
      // So short that it is renewed before its first use.
      identityProvider: { tampering: 'refreshedIdTokenOfAnother', idTokenSeconds: 30 },
    });
    const overview = alice.connections.overview();
    return toldFrom(overview, overview.people[0]!.failure!);
  },

  'identityProvider.accountNotAllowed': ({ atSignIn }) =>
    atSignIn(
      {},
      { profile: { identityProvider: { accounts: { emailDomains: ['other.example'] } } } },
    ),

  'identityProvider.sessionEnded': async ({ signedIn }) => {
    const { at, alice } = await signedIn({ identityProvider: { idTokenSeconds: 30 } });
    assert.equal(alice.state('notes')?.kind, 'connected');
    await at.sandbox.admin.endSession('alice');
    await alice.connections.checkNow();
    assert.equal(alice.state('notes')?.kind, 'sessionEnded');
    return toldOf(alice, alice.connections.connection('notes')?.gate, 'Notes');
  },

  'identityProvider.signInAgain': ({ atServer }) =>
    atServer({ identityProvider: { givesRefreshToken: false, subjectTokens: ['refreshToken'] } }),

  'identityProvider.unavailable': ({ atSignIn }) =>
    atSignIn(
      {},
      {
        before: ({ sandbox }) =>
          sandbox.admin.faults({ identityProviderDown: true, downAs: 'unavailable' }),
      },
    ),

  'identityProvider.busy': ({ atServer }) =>
    atServer(
      {},
      {
        circumstances: {
          fetch: inTheWay(
            (_, init) => bodyOf(init).includes('token-exchange'),
            () => new Response('later', { status: 429, headers: { 'retry-after': '20' } }),
          ),
        },
      },
    ),
} satisfies Readonly<Record<string, Provocation>>;
