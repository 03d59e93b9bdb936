// openid-client and jose, only what is used. Bundled as dist/oauth.cjs and loaded on first use by
// oauthLibraries.ts: 8 ms that activation does not pay. Nobody else imports this file or them.
export {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  genericGrantRequest,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  tokenRevocation,
  type ClientAuth,
  type ServerMetadata,
} from 'openid-client';
export { decodeJwt, decodeProtectedHeader } from 'jose';
