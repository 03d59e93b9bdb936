// All that talks to another party, openid-client and jose included, as one file of its own that is
// loaded on first use: an editor window of someone who is not signed in never loads it. Invariant: the
// rest of core imports types from these modules, and their code from here, dynamically.
export { requestAccess } from './access/accessRequest.ts';
export { createDeviceKey, deviceKey } from './client/deviceKey.ts';
export { createDiscovery } from './discovery/discovery.ts';
export { createDpopKeys } from './client/dpopKeys.ts';
export { dpopToken } from './access/dpopToken.ts';
export {
  authorizationServerParty,
  createGuardedFetch,
  identityProviderParty,
} from './http/http.ts';
export { emergencyStopParty } from './revocation/emergencyStop.ts';
export { EmergencyStopFeed } from './revocation/emergencyStopFeed.ts';
export { sharedSignalsParty } from './revocation/sharedSignals.ts';
export { SharedSignalsPoll } from './revocation/sharedSignalsPoll.ts';
export { probe } from './server/probe.ts';
export { revokeAccess } from './access/revocation.ts';
export { createSignInClient } from './signIn/signIn.ts';
