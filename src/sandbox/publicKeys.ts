import type { createLocalJWKSet } from 'jose';

/** Finds the key a JWT of the identity provider was signed with. */
export type PublicKeys = ReturnType<typeof createLocalJWKSet>;
