// Who asks at an authorization server's token or revocation endpoint.
// @see RFC 6749 §2.3, RFC 7523 §2.2
import { createHash, timingSafeEqual } from 'node:crypto';
import { clientAssertionType, createAssertionCheck } from './clientAssertion.ts';
import { readClientDocument, type ClientKeys } from './clientKeys.ts';
import type { Client, ClientAuthentication } from './clients.ts';
import type { ClientAssertionRules } from './setup.ts';

export interface ClientCheckDependencies {
  readonly clients: readonly Client[];
  readonly keys: ClientKeys;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly assertionRules?: ClientAssertionRules;
  /** Accepts the URL of a Client ID Metadata Document as client id. */
  readonly documents?: boolean;
}

export type ClientCheck = (
  authorization: string | undefined,
  form: URLSearchParams,
) => Promise<Client | undefined>;

interface Presented {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: ClientAuthentication;
}

/** Finds the client that proved itself in exactly the way it is registered for. */
export function createClientCheck(deps: ClientCheckDependencies): ClientCheck {
  const { issuer, tokenEndpoint, assertionRules = {}, documents = false } = deps;
  const documentOf = (clientId: string) =>
    documents ? readClientDocument(clientId) : Promise.resolve(undefined);
  const provenClientId = createAssertionCheck({
    issuer,
    tokenEndpoint,
    rules: assertionRules,
    keysOf: async (clientId) => {
      const known = deps.keys.of(clientId);
      return known.length > 0 ? known : ((await documentOf(clientId))?.keys ?? []);
    },
  });

  async function registered(clientId: string): Promise<Client | undefined> {
    const known = deps.clients.find((one) => one.clientId === clientId);
    if (known !== undefined) return known;
    const document = await documentOf(clientId);
    return document && { clientId, clientAuthentication: document.clientAuthentication };
  }

  return async (authorization, form) => {
    const presented = presentedBy(authorization, form);
    if (presented === undefined) return undefined;
    const client = await registered(presented.clientId);
    if (client === undefined || presented.method !== client.clientAuthentication) return undefined;
    if (presented.method === 'private_key_jwt') {
      const proven = await provenClientId(form.get('client_assertion') ?? '');
      return proven === client.clientId ? client : undefined;
    }
    return sameSecret(presented.secret ?? '', client.clientSecret ?? '') ? client : undefined;
  };
}

function presentedBy(
  authorization: string | undefined,
  form: URLSearchParams,
): Presented | undefined {
  const formId = form.get('client_id') ?? '';
  const formSecret = form.get('client_secret') ?? undefined;
  const assertion = form.get('client_assertion') ?? undefined;
  // Two ways at once must not be more convincing than one.
  const ways = [authorization, formSecret, assertion].filter((way) => way !== undefined);
  if (ways.length > 1) return undefined;
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== clientAssertionType) return undefined;
    return { clientId: subjectOf(assertion), secret: undefined, method: 'private_key_jwt' };
  }
  if (authorization === undefined) {
    const method = formSecret === undefined ? 'none' : 'client_secret_post';
    return { clientId: formId, secret: formSecret, method };
  }
  const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (basic === undefined) return undefined;
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':', 2).map(decode);
  if (formId !== '' && formId !== id) return undefined;
  return { clientId: id, secret, method: 'client_secret_basic' };
}

/** Whom an assertion claims to be; nothing is believed yet. */
function subjectOf(assertion: string): string {
  try {
    const [, payload = ''] = assertion.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub?: unknown };
    return typeof claims.sub === 'string' ? claims.sub : '';
  } catch {
    return '';
  }
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
