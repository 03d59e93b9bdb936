// Security events of the organization: kept until whoever polls has acknowledged them (RFC 8936), signed
// one by one (RFC 8417), or made up as an attacker would.
import { randomBytes, randomUUID } from 'node:crypto';
import { Router, type Response } from 'express';
import { z } from 'zod';
import type { Person } from './catalogue.ts';
import { bodyOf } from './requestBody.ts';
import { createSigner, forgeries } from './signedStatement.ts';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const eventTypes = {
  sessionRevoked: `${caep}session-revoked`,
  tokenClaimsChange: `${caep}token-claims-change`,
  credentialChange: `${caep}credential-change`,
  deviceComplianceChange: `${caep}device-compliance-change`,
  accountDisabled: 'https://schemas.openid.net/secevent/risc/event-type/account-disabled',
  verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
} as const;
type SignalKind = keyof typeof eventTypes;
export const signalKinds = Object.keys(eventTypes) as [SignalKind, ...SignalKind[]];

export const subjectFormats = [
  'issSub',
  'email',
  'opaque',
  'complex',
  'inEvent',
  'unknown',
] as const;

/** What else must be refused. `replayed` sends the last acknowledged event again. */
export const signalForgeries = [...forgeries, 'stale', 'wrongName', 'replayed'] as const;

export interface SignalOrder {
  readonly kind: SignalKind;
  readonly subject?: (typeof subjectFormats)[number] | undefined;
  readonly forgery?: (typeof signalForgeries)[number] | undefined;
  readonly reason?: string | undefined;
}

export interface SharedSignals {
  /** For the organization profile, at the identity provider. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly router: Router;
  readonly state: {
    readonly pending: readonly string[];
    readonly acknowledged: readonly string[];
    readonly errors: Readonly<Record<string, unknown>>;
  };
  emit(person: Person, order: SignalOrder): Promise<void>;
  reset(): void;
}

const audience = 'enterprise-mcp';
const daySeconds = 86_400;

/** @param issuer of the identity provider, whose people these are */
export async function createSharedSignals(
  pollEndpoint: string,
  issuer: string,
): Promise<SharedSignals> {
  const signer = await createSigner('ES256');
  const credential = randomBytes(24).toString('base64url');
  const box = createBox();

  async function emit(person: Person, order: SignalOrder): Promise<void> {
    if (order.forgery === 'replayed') {
      box.repeat();
      return;
    }
    const jti = randomUUID();
    const iat = Date.now() / 1000 - (order.forgery === 'stale' ? 8 * daySeconds : 0);
    const claims = {
      iss: issuer,
      aud: audience,
      iat,
      jti,
      ...eventOf(person, order, { issuer, iat }),
    };
    const named = order.forgery === 'wrongName' ? randomUUID() : jti;
    const signedAs = forgeries.find((one) => one === order.forgery);
    box.put(named, await signer.sign(claims, 'secevent+jwt', signedAs));
  }

  return {
    profile: {
      pollEndpoint,
      issuer,
      audience,
      keys: [signer.publicKey],
      credential,
      pollSeconds: 15,
    },
    router: pollRouter(box, credential),
    get state() {
      return box.state;
    },
    emit,
    reset: box.clear,
  };
}

function eventOf(
  { id, email }: Person,
  { kind, subject = 'issSub', reason }: SignalOrder,
  { issuer, iat }: { readonly issuer: string; readonly iat: number },
) {
  const issSub = { format: 'iss_sub', iss: issuer, sub: id };
  const event = {
    event_timestamp: iat,
    initiating_entity: 'admin',
    ...(reason === undefined ? {} : { reason_admin: { en: reason } }),
    ...(subject === 'inEvent'
      ? { subject: { subject_type: 'iss-sub', iss: issuer, sub: id } }
      : {}),
  };
  const named = {
    issSub,
    email: { format: 'email', email },
    opaque: { format: 'opaque', id },
    complex: { format: 'complex', user: issSub, session: { format: 'opaque', id: randomUUID() } },
    unknown: { format: 'did', url: `did:example:${id}` },
    inEvent: undefined,
  }[subject];
  return {
    ...(named === undefined ? {} : { sub_id: named }),
    events: { [eventTypes[kind]]: event },
  };
}

type Box = ReturnType<typeof createBox>;

/** Events by the name they are handed out under. Nothing is forgotten before it is acknowledged. */
function createBox() {
  const pending = new Map<string, string>();
  const acknowledged = new Map<string, string>();
  const errors = new Map<string, unknown>();
  return {
    put: (name: string, event: string) => pending.set(name, event),
    repeat: () => {
      const last = [...acknowledged].at(-1);
      if (last !== undefined) pending.set(...last);
    },
    acknowledge: (names: readonly string[]) => {
      for (const name of names) {
        const event = pending.get(name);
        if (event !== undefined) acknowledged.set(name, event);
        pending.delete(name);
      }
    },
    refuse: (refused: Readonly<Record<string, unknown>>) => {
      for (const [name, error] of Object.entries(refused)) {
        if (pending.delete(name)) errors.set(name, error);
      }
    },
    first: (count: number) => [...pending].slice(0, count),
    get size() {
      return pending.size;
    },
    get state() {
      return {
        pending: [...pending.keys()],
        acknowledged: [...acknowledged.keys()],
        errors: Object.fromEntries(errors),
      };
    },
    clear: () => {
      pending.clear();
      acknowledged.clear();
      errors.clear();
    },
  };
}

const pollBody = z.looseObject({
  ack: z.array(z.string()).default([]),
  setErrs: z.record(z.string(), z.object({ err: z.string(), description: z.string() })).default({}),
  maxEvents: z.number().int().min(0).default(10),
  returnImmediately: z.boolean().default(false),
});

function pollRouter(box: Box, credential: string): Router {
  const router = Router();
  router.post('/', (request, response: Response) => {
    if (request.get('authorization') !== `Bearer ${credential}`) {
      response.status(401).set('www-authenticate', 'Bearer').json({ error: 'who are you?' });
      return;
    }
    const body = bodyOf(pollBody, request, response);
    if (body === undefined) return;
    if (!body.returnImmediately) {
      response.status(400).json({ error: 'only short polling here' });
      return;
    }
    box.acknowledge(body.ack);
    box.refuse(body.setErrs);
    const sets = box.first(body.maxEvents);
    const answer = { sets: Object.fromEntries(sets), moreAvailable: box.size > sets.length };
    response.json(answer);
  });
  return router;
}
