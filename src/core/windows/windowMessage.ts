// What windows tell each other: so that what ends in one has ended in all.
import * as v from 'valibot';
import { errorSchema } from './errorMessage.ts';
import { secretSchema } from './replicatedSecrets.ts';

const id = v.pipe(v.string(), v.maxLength(512));
const place = { identityProvider: id, accountId: id };

export const messageSchema = v.variant('kind', [
  secretSchema,
  /** An answer closed the connection to this server. */
  v.object({
    kind: v.literal('closed'),
    ...place,
    serverId: id,
    error: errorSchema,
  }),
  /** The company grants less of this server than before. */
  v.object({ kind: v.literal('reduced'), ...place, serverId: id }),
  /** What the organization has stopped is another than before. */
  v.object({ kind: v.literal('stopsChanged') }),
  /** The person turned a server off or on. */
  v.object({ kind: v.literal('turned'), serverId: id, isOff: v.boolean() }),
  /** The identity provider, or the organization, ended the company sign-in. */
  v.object({ kind: v.literal('sessionEnded'), ...place, atMs: v.number() }),
]);

type Message = v.InferOutput<typeof messageSchema>;
/** What core hears; secrets are taken before. */
export type WindowMessage = Exclude<Message, { kind: 'secret' }>;
