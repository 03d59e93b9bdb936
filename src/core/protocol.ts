// All that talks to another party, openid-client and jose included, as one file of its own that is
// loaded on first use: an editor window of someone who is not signed in never loads it. Invariant: the
// rest of core imports types from these modules, and their code from here, dynamically.
export { requestAccess } from './accessRequest.ts';
export { createDeviceKey, deviceKey } from './deviceKey.ts';
export { createDiscovery } from './discovery.ts';
export { createDpopKeys } from './dpopKeys.ts';
export { authorizationServerParty, createGuardedFetch, identityProviderParty } from './http.ts';
export { probe } from './probe.ts';
export { revokeAccess } from './revocation.ts';
export { createSignInClient } from './signIn.ts';
