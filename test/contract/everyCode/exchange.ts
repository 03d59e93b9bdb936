// What the identity provider and the authorization server answer to the two requests of every connection.
import { toldAtServer, type Company, type Provocation } from './scene.ts';
import { isSettled } from '../vendors/vendorCompany.ts';

const strong = { notes: { acr: 'urn:acme:strong' } };

export const exchange = {
  'exchange.denied': ({ atServer }) => atServer({ server: { people: ['bob'] } }),

  'exchange.targetRefused': ({ atServer }) =>
    atServer({}, { profile: { servers: { audience: 'urn:nobody' } } }),

  'exchange.scopeRefused': ({ atServer }) =>
    atServer({}, { profile: { servers: { scopes: ['notes:administer'] } } }),

  'exchange.clientNotAllowed': ({ atServer }) =>
    atServer({
      identityProvider: { notGranted: { error: 'unauthorized_client' } },
      server: { people: ['bob'] },
    }),

  'exchange.nothingGranted': ({ atServer }) => atServer({ identityProvider: { narrowsTo: [] } }),

  'exchange.notSupported': ({ atServer }) =>
    atServer({ identityProvider: { issuesIdJags: false } }),

  'exchange.stepUpRequired': ({ atServer }) => atServer({ identityProvider: { stepUp: strong } }),

  'exchange.stepUpFailed': async ({ signedIn }) => {
    const { alice } = await signedIn({
      identityProvider: { stepUp: strong, stepUpWorks: false },
    });
    await alice.signIn();
    await alice.until(() => isSettled(alice));
    return toldAtServer(alice);
  },

  'exchange.bindingMissing': ({ atServer }) =>
    atServer(
      { identityProvider: { dpop: 'ignored' }, guard: { dpop: 'supported' } },
      { profile: { servers: { dpop: 'always' } } },
    ),

  'exchange.answerInvalid': ({ atServer }) =>
    atServer({ identityProvider: { tampering: 'idJagWrongAudience' } }),
} satisfies Readonly<Record<string, Provocation>>;

/** A person without a licence, told so in these words. */
const refusing = (error: string, status = 400): Company => ({
  guard: { unlicensed: ['alice'], noLicence: { error, status } },
});

export const redemption = {
  'redemption.refused': ({ atServer }) => atServer(refusing('invalid_grant')),

  'redemption.denied': ({ atServer }) => atServer(refusing('access_denied', 403)),

  'redemption.grantNotSupported': ({ atServer }) => atServer(refusing('unsupported_grant_type')),

  'redemption.scopeRefused': ({ atServer }) => atServer(refusing('invalid_scope')),

  'redemption.clientRefused': ({ atServer }) =>
    atServer(
      {},
      {
        profile: {
          there: 'client_secret_post',
          atServers: 'client_secret_post',
          servers: { clientSecret: 'another' },
        },
      },
    ),

  'redemption.nothingGranted': ({ atServer }) => atServer({ guard: { grantsNothing: true } }),

  'redemption.interactionRequired': ({ atServer }) => atServer({ guard: { interaction: {} } }),

  'redemption.bindingMissing': ({ atServer }) =>
    atServer(
      { identityProvider: { dpop: 'supported' }, guard: { dpop: 'ignored' } },
      { profile: { servers: { dpop: 'always' } } },
    ),

  'redemption.answerInvalid': ({ atServer }) =>
    atServer({ guard: { tampering: 'answerMoreScopes' } }),

  'redemption.unavailable': ({ atServer }) =>
    atServer(
      {},
      {
        before: ({ sandbox }) =>
          sandbox.admin.faults({ authorizationServerDown: ['guard'], downAs: 'unavailable' }),
      },
    ),

  'redemption.clientSecretMissing': ({ atServer }) =>
    atServer({}, { profile: { servers: { clientAuthentication: 'client_secret_basic' } } }),

  'redemption.clientKeyMissing': ({ atServer }) =>
    atServer({}, { profile: { servers: { clientAuthentication: 'private_key_jwt' } } }),
} satisfies Readonly<Record<string, Provocation>>;
