import type { IdentityProviderProfile, ServerProfile } from '../profile/profile.ts';

/** Changes with everything the profile says of a server and its identity provider, but for their secrets. */
export async function profileMark(
  identityProvider: IdentityProviderProfile,
  server: ServerProfile,
): Promise<string> {
  const said = new TextEncoder().encode(JSON.stringify([identityProvider, server]));
  return Buffer.from(await crypto.subtle.digest('SHA-256', said)).toString('hex');
}
