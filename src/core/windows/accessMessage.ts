// Access on its way from the window that leads to the one that asked. Its life travels as what is left of it,
// because monotonic clocks of two processes cannot be compared; a key never does, each window has it.
import * as v from 'valibot';
import type { Access, Target } from '../access/accessRequest.ts';
import { bearerToken, type AccessToken } from '../access/accessToken.ts';
import type { DpopBinding } from '../access/dpopToken.ts';
import type { BoundParties } from '../client/dpopKeys.ts';
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { Secret } from '../secret.ts';

const longestMs = 400 * 86_400_000;
const ms = v.pipe(v.number(), v.minValue(0), v.maxValue(longestMs));
const metadata = v.looseObject({ issuer: v.string() });

export const targetSchema = v.object({
  resource: v.string(),
  authorizationServer: metadata,
  identityProvider: metadata,
  isBound: v.boolean(),
});
type TargetMessage = v.InferInput<typeof targetSchema>;

const schema = v.object({
  token: v.pipe(v.string(), v.minLength(1)),
  scheme: v.picklist(['Bearer', 'DPoP']),
  scopes: v.array(v.string()),
  ageMs: ms,
  sentAtMs: v.number(),
  lifeMs: ms,
  serverLifeMs: ms,
  target: targetSchema,
});

/** What binds access in this window to the key that all windows have. */
export interface Bound {
  readonly binding: DpopBinding;
  readonly token: (secret: Secret) => AccessToken;
}

/** @throws storage.unavailable */
export type Bind = (parties: BoundParties) => Promise<Bound>;

export function accessMessage(access: Access, clock: Clock): v.InferInput<typeof schema> {
  const { token, scopes, receivedAt, lifeMs, serverLifeMs, target } = access;
  const { monotonicMs, wallMs } = receivedAt;
  return {
    token: token.secret.reveal(),
    scheme: token.scheme,
    scopes: [...scopes],
    ageMs: Math.max(0, clock.monotonic() - monotonicMs, clock.now() - wallMs),
    sentAtMs: clock.now(),
    ...{ lifeMs, serverLifeMs },
    target: targetMessage(target),
  };
}

export const targetMessage = (target: Target): TargetMessage => ({
  resource: target.resource,
  authorizationServer: target.authorizationServer,
  identityProvider: target.identityProvider,
  isBound: target.binding !== undefined,
});

/** @throws gateway.messageInvalid, what `bind` throws */
export async function accessFrom(
  message: unknown,
  { clock, bind }: { clock: Clock; bind: Bind },
): Promise<Access> {
  const read = v.safeParse(schema, message);
  if (!read.success) throw new ConnectError('gateway.messageInvalid');
  const { scheme, scopes, sentAtMs, lifeMs, serverLifeMs } = read.output;
  // The computer may have slept on the way.
  const ageMs = read.output.ageMs + Math.max(0, clock.now() - sentAtMs);
  const secret = new Secret(read.output.token);
  const { target, bound } = await boundTarget(read.output.target, bind);
  // A bound token is never sent as Bearer, nor the reverse.
  if (scheme === 'DPoP' && bound === undefined) throw new ConnectError('gateway.messageInvalid');
  return {
    token: scheme === 'DPoP' && bound !== undefined ? bound.token(secret) : bearerToken(secret),
    scopes,
    receivedAt: { monotonicMs: clock.monotonic() - ageMs, wallMs: clock.now() - ageMs },
    ...{ lifeMs, serverLifeMs, target },
    authorizationServer: target.authorizationServer,
  };
}

/** @throws what `bind` throws */
export const targetFrom = async (
  message: v.InferOutput<typeof targetSchema>,
  bind: Bind,
): Promise<Target> => (await boundTarget(message, bind)).target;

async function boundTarget(
  message: v.InferOutput<typeof targetSchema>,
  bind: Bind,
): Promise<{ target: Target; bound: Bound | undefined }> {
  const { resource, isBound } = message;
  // Discovery has checked it in the window that leads; JSON is JSON again on this side.
  const authorizationServer = message.authorizationServer as Target['authorizationServer'];
  const identityProvider = message.identityProvider as Target['identityProvider'];
  const parties = {
    identityProvider: identityProvider.issuer,
    authorizationServer: authorizationServer.issuer,
  };
  const bound = isBound ? await bind(parties) : undefined;
  const target = { resource, authorizationServer, identityProvider, binding: bound?.binding };
  return { target, bound };
}
