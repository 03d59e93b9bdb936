// The organization's emergency stop: a signed list at an address of its own, and what an attacker who holds
// that address could put there instead.
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { createSigner, forgeries, type Forgery } from './signedStatement.ts';

export interface StopList {
  readonly all?: boolean | undefined;
  readonly servers?: readonly string[] | undefined;
  /** Whose sign-ins until now are over; `*` for everybody. */
  readonly people?: readonly string[] | undefined;
  /** How long the list is good for. */
  readonly lifeSeconds?: number | undefined;
}

/** What stands at the address; everything but `genuine` must be refused. */
export const servings = [
  'genuine',
  ...forgeries,
  'rolledBack',
  'sameSequence',
  'expired',
  'oversized',
  'missing',
  'redirected',
  'unreachable',
] as const;
export type Serving = (typeof servings)[number];

export interface EmergencyStop {
  /** For the organization profile. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly handler: RequestHandler;
  readonly state: Readonly<Record<string, unknown>>;
  /** A newer list in place of the one before. */
  publish(list: StopList): Promise<void>;
  /** The same address from now on answers like this; `list` is what a false one claims. */
  serve(serving: Serving, list: StopList): Promise<void>;
}

const daySeconds = 86_400;
const issuer = 'https://security.acme.example';
const audience = 'acme';

interface Served {
  readonly serving: Serving;
  readonly body: string;
}

export async function createEmergencyStop(url: string): Promise<EmergencyStop> {
  const signer = await createSigner('EdDSA');
  const sign: Sign = (claims, forgery) => signer.sign(claims, 'emergency-stop+jwt', forgery);
  // A sandbox that starts anew on the same ports must not look like one that was rolled back.
  const genuine = { sequence: nowSec(), list: {} as StopList, body: '' };
  const state: { served: Served } = { served: { serving: 'genuine', body: '' } };

  async function publish(list: StopList): Promise<void> {
    genuine.sequence += 1;
    genuine.list = list;
    genuine.body = await sign(claimsOf(list, genuine.sequence));
    state.served = { serving: 'genuine', body: genuine.body };
  }
  await publish({});

  return {
    profile: { url, issuer, audience, keys: [signer.publicKey], pollSeconds: 15 },
    get state() {
      const { all = false, servers = [], people = [] } = genuine.list;
      const { serving } = state.served;
      return { sequence: genuine.sequence, all, servers, people, serving };
    },
    handler: answering(() => state.served),
    publish,
    serve: async (serving, list) => {
      const claims = claimsOf(list, genuine.sequence + 1);
      const body = (await falseBody(serving, claims, sign)) ?? genuine.body;
      state.served = { serving, body };
    },
  };
}

type Sign = (claims: Claims, forgery?: Forgery) => Promise<string>;
type Claims = ReturnType<typeof claimsOf>;

const nowSec = () => Math.floor(Date.now() / 1000);

const claimsOf = ({ people = [], all, servers, lifeSeconds }: StopList, seq: number) => ({
  ...{ iss: issuer, aud: audience, seq, iat: nowSec() },
  exp: nowSec() + (lifeSeconds ?? 7 * daySeconds),
  notBefore: Object.fromEntries(people.map((id) => [id, nowSec() + 1])),
  ...(servers === undefined ? {} : { servers }),
  ...(all === true ? { all } : {}),
});

/** @param next claims of a list that would be the next one */
function falseBody(serving: Serving, next: Claims, sign: Sign): Promise<string> | undefined {
  switch (serving) {
    case 'genuine':
    case 'missing':
    case 'redirected':
    case 'unreachable':
      return undefined;
    case 'rolledBack':
      return sign({ ...next, seq: next.seq - 2 });
    case 'sameSequence':
      return sign({ ...next, seq: next.seq - 1, iat: next.iat - 1 });
    case 'expired':
      return sign({ ...next, iat: next.iat - 7200, exp: next.iat - 3600 });
    case 'oversized':
      return sign({ ...next, servers: [...(next.servers ?? []), 'x'.repeat(70_000)] });
    default:
      return sign(next, serving);
  }
}

const answering =
  (served: () => Served): RequestHandler =>
  (request, response) => {
    const { serving, body } = served();
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    if (serving === 'unreachable') request.socket.destroy();
    else if (serving === 'missing') response.status(404).json({ error: 'there is no such thing' });
    else if (serving === 'redirected') response.redirect(302, 'https://elsewhere.example/list');
    else if (request.get('if-none-match') === etag) response.status(304).set({ etag }).end();
    else response.set({ etag, 'content-type': 'application/jose' }).send(body);
  };
