// How an identity provider is set up: who it knows, what it says of them, how long things live.
import { randomBytes } from 'node:crypto';
import { interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { people, type Person } from './catalogue.ts';
import { plainAuthentication } from './clients.ts';
import { askToConfirm, askForCode, showDeviceDone } from './devicePages.ts';
import { idJagTokenType } from './exchangeAnswer.ts';
import type { IdentityProviderSetup } from './setup.ts';
import { signInPath } from './signInPage.ts';
import { askToSignOut, showError, showSignedOut } from './signOutPage.ts';
import { strengthCheck } from './stepUp.ts';

/** Everything of the provider that is setting rather than code. */
export function oidcConfiguration(
  setup: IdentityProviderSetup,
  at: { readonly issuerPath: string; readonly assertion: AssertClient },
): Configuration {
  const { claims = {} } = setup;
  return {
    assertJwtClientAuthClaimsAndHeader: at.assertion,
    claims: {
      openid: ['sub', 'auth_time', 'acr', ...Object.keys(claims)],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    clientAuthMethods: [...(setup.clientAuthentication ?? plainAuthentication)],
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    discovery: promises(setup),
    expiresWithSession: () => true,
    features: features(setup),
    findAccount: (_ctx, id) =>
      accountOf(
        people.find((person) => person.id === id),
        claims,
      ),
    interactions: {
      policy: prompts(),
      url: (_ctx, { uid }) => `${at.issuerPath}${signInPath}/${uid}`,
    },
    ...(setup.givesRefreshToken === false ? { issueRefreshToken: () => false } : {}),
    loadExistingGrant: grantEverything,
    renderError: showError,
    responseTypes: ['code'],
    routes: {
      authorization: '/authorize',
      code_verification: '/device',
      device_authorization: '/device/authorize',
      end_session: '/sign-out',
      revocation: '/revoke',
      userinfo: '/userinfo',
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: setup.idTokenSeconds ?? 600,
      Interaction: 900,
      ...longLived,
    },
  };
}

type AssertClient = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/** What the metadata says beyond what the provider knows by itself. */
function promises(setup: IdentityProviderSetup): Record<string, unknown> {
  const { advertisesIdJags = true, dpop = 'off', clientIdMetadataDocuments = false } = setup;
  return {
    ...(advertisesIdJags
      ? { identity_chaining_requested_token_types_supported: [idJagTokenType] }
      : {}),
    ...(dpop === 'off' ? {} : { dpop_signing_alg_values_supported: ['ES256', 'RS256'] }),
    ...(clientIdMetadataDocuments ? { client_id_metadata_document_supported: true } : {}),
  };
}

function features({ deviceGrant = false }: IdentityProviderSetup): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    deviceFlow: {
      enabled: deviceGrant,
      userCodeInputSource: askForCode,
      userCodeConfirmSource: askToConfirm,
      successSource: showDeviceDone,
    },
    resourceIndicators: { enabled: false },
    revocation: { enabled: true },
    rpInitiatedLogout: { logoutSource: askToSignOut, postLogoutSuccessSource: showSignedOut },
  };
}

/** The company consented for everybody; who is asked for another account gets the sign-in page. */
function prompts() {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.clear();
  policy.get('login')?.checks.add(strengthCheck());
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  return policy;
}

const fourteenDays = 14 * 24 * 3600;
const longLived = { Grant: fourteenDays, RefreshToken: fourteenDays, Session: fourteenDays };

function accountOf(person: Person | undefined, extra: Readonly<Record<string, string>>) {
  if (person === undefined) return undefined;
  const { id, name, username, email } = person;
  const claims = {
    sub: id,
    name,
    preferred_username: username,
    email,
    email_verified: true,
    ...extra,
  };
  return { accountId: id, claims: () => Promise.resolve(claims) };
}

/** The company consented for its people: the session's grant, or a new one. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, provider, session } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const known = session.grantIdFor(client.clientId);
  const grant = known === undefined ? undefined : await provider.Grant.find(known);
  if (grant !== undefined) return grant;
  const fresh = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  fresh.addOIDCScope('openid profile email offline_access');
  await fresh.save();
  return fresh;
}
