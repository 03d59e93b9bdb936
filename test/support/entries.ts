// Entries of a profile with nothing special about them.
import type {
  ClientProfile,
  IdentityProviderProfile,
  ServerProfile,
} from '../../src/core/profile/profile.ts';

const publicClient: ClientProfile = {
  clientId: 'enterprise-mcp',
  clientAuthentication: 'none',
  clientSecret: undefined,
  clientKey: undefined,
  clientAssertion: { audience: 'issuer', typ: undefined, algorithm: 'ES256' },
};

export const identityProviderEntry = (
  own: Partial<IdentityProviderProfile> = {},
): IdentityProviderProfile => ({
  ...publicClient,
  id: 'acme',
  label: 'Acme',
  issuer: 'https://idp.example',
  scopes: ['openid', 'offline_access'],
  maxRequests: 4,
  refreshGraceSec: 0,
  subjectToken: 'auto',
  signIn: 'browser',
  accounts: { emailDomains: [], hostedDomain: undefined, tenant: undefined },
  pkceUnadvertised: false,
  sharedSignals: undefined,
  ...own,
});

export const serverEntry = (own: Partial<ServerProfile> = {}): ServerProfile => ({
  ...publicClient,
  id: 'tickets',
  label: 'Tickets',
  url: 'https://tickets.example/mcp',
  identityProvider: 'acme',
  authorizationServer: 'https://auth.example',
  audience: undefined,
  resource: undefined,
  resourceMatch: 'prefix',
  sendResource: true,
  scopes: [],
  writeScopes: [],
  writeAtOnce: false,
  hideWriteTools: true,
  dpop: 'whenAsked',
  ...own,
});
