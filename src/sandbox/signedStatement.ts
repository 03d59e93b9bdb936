// What an organization signs for everybody to read: honestly, or as an attacker would.
import { randomBytes } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';

/** Ways to make a statement nobody must believe. */
export const forgeries = [
  'wrongSignature',
  'unknownKey',
  'embeddedKey',
  'unsigned',
  'publicKeyAsSecret',
  'wrongIssuer',
  'wrongAudience',
  'wrongType',
  'fromTheFuture',
  'notSigned',
] as const;
export type Forgery = (typeof forgeries)[number];

export interface Signer {
  /** For profiles. */
  readonly publicKey: JWK;
  sign(claims: JWTPayload, typ: string, forgery?: Forgery): Promise<string>;
}

export async function createSigner(alg: 'EdDSA' | 'ES256'): Promise<Signer> {
  const own = await generateKeyPair(alg, { extractable: true });
  const foreign = await generateKeyPair(alg, { extractable: true });
  const kid = randomBytes(8).toString('hex');
  const publicPem = await exportSPKI(own.publicKey);
  const foreignKey = await exportJWK(foreign.publicKey);

  async function sign(honest: JWTPayload, honestTyp: string, forgery?: Forgery): Promise<string> {
    const claims = { ...honest, ...forgedClaims(forgery) };
    const typ = forgery === 'wrongType' ? 'JWT' : honestTyp;
    const jwt = new SignJWT(claims);
    switch (forgery) {
      case 'notSigned':
        return 'Out of office until Monday.';
      case 'unsigned':
        return `${encoded({ alg: 'none', typ, kid })}.${encoded(claims)}.`;
      case 'publicKeyAsSecret':
        // What a verifier that mixes algorithms up takes for a secret.
        return jwt
          .setProtectedHeader({ alg: 'HS256', typ, kid })
          .sign(new TextEncoder().encode(publicPem));
      case 'wrongSignature':
        return jwt.setProtectedHeader({ alg, typ, kid }).sign(foreign.privateKey);
      case 'unknownKey':
        return jwt.setProtectedHeader({ alg, typ, kid: 'of-somebody-else' }).sign(own.privateKey);
      case 'embeddedKey':
        return jwt.setProtectedHeader({ alg, typ, kid, jwk: foreignKey }).sign(foreign.privateKey);
      default:
        return jwt.setProtectedHeader({ alg, typ, kid }).sign(own.privateKey);
    }
  }

  return { publicKey: { ...(await exportJWK(own.publicKey)), kid }, sign };
}

function forgedClaims(forgery: Forgery | undefined): JWTPayload {
  switch (forgery) {
    case 'wrongIssuer':
      return { iss: 'https://elsewhere.example' };
    case 'wrongAudience':
      return { aud: 'somebody-else' };
    case 'fromTheFuture':
      return { iat: Math.floor(Date.now() / 1000) + 600 };
    default:
      return {};
  }
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
