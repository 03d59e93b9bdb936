// The public half of this computer's key, and what to do with it. Invariant: only members that are public
// by their definition are copied; whatever else a key holds stays out.
import type { OwnedClient } from '../client/clientOwners.ts';
import { cleanText } from './plainText.ts';

/** @see RFC 7517 §4, RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2 */
const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'alg'];

export interface DeviceKeyTexts {
  /** The key alone, a JWK (RFC 7517 §4). */
  readonly key: string;
  /** The key as a JWK Set (RFC 7517 §5). */
  readonly keySet: string;
  /** Both, with what to do: JSON with comments. */
  readonly document: string;
}

export function deviceKeyTexts(
  owner: OwnedClient,
  jwk: Readonly<Record<string, unknown>>,
): DeviceKeyTexts {
  const key = Object.fromEntries(
    publicMembers.filter((name) => Object.hasOwn(jwk, name)).map((name) => [name, jwk[name]]),
  );
  const json = (value: unknown) => JSON.stringify(value, undefined, 2);
  const comment = [
    `The public key of this computer for ${cleanText(owner.label)}. It is safe to send.`,
    '',
    `Register it at ${cleanText(owner.issuer, 200)}`,
    `for the client ${cleanText(owner.clientId, 200)}, which authenticates with private_key_jwt:`,
    'some take the key ("jwk"), some a set of keys ("jwks").',
    '',
    "Add it to the keys of your colleagues' computers, do not replace them.",
    'The private half stays in the password store of this computer.',
  ].map((line) => `// ${line}`.trimEnd());
  return {
    key: json(key),
    keySet: json({ keys: [key] }),
    document: [...comment, json({ jwk: key, jwks: { keys: [key] } }), ''].join('\n'),
  };
}
