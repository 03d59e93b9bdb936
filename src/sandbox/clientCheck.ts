// Who asks at an authorization server's token or revocation endpoint.
// @see RFC 6749 §2.3
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Client, ClientAuthentication } from './clients.ts';

interface Presented {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: ClientAuthentication;
}

/** The client that proved itself in exactly the way it is registered for. */
export function authenticateClient(
  clients: readonly Client[],
  authorization: string | undefined,
  form: URLSearchParams,
): Client | undefined {
  const presented = presentedBy(authorization, form);
  const client = clients.find(({ clientId }) => clientId === presented?.clientId);
  if (presented === undefined || client === undefined) return undefined;
  if (presented.method !== client.clientAuthentication) return undefined;
  return sameSecret(presented.secret ?? '', client.clientSecret ?? '') ? client : undefined;
}

function presentedBy(
  authorization: string | undefined,
  form: URLSearchParams,
): Presented | undefined {
  const formId = form.get('client_id') ?? '';
  const formSecret = form.get('client_secret') ?? undefined;
  if (authorization === undefined) {
    const method = formSecret === undefined ? 'none' : 'client_secret_post';
    return { clientId: formId, secret: formSecret, method };
  }
  const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  // Two ways at once must not be more convincing than one.
  if (basic === undefined || formSecret !== undefined) return undefined;
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':', 2).map(decode);
  if (formId !== '' && formId !== id) return undefined;
  return { clientId: id, secret, method: 'client_secret_basic' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest();
const sameSecret = (a: string, b: string) => timingSafeEqual(hash(a), hash(b));
