// One feed on a fake clock, and whoever publishes the list.
import type { JWTPayload } from 'jose';
import { emergencyStopParty } from '../../../src/core/revocation/emergencyStop.ts';
import { EmergencyStopFeed } from '../../../src/core/revocation/emergencyStopFeed.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import {
  createLog,
  createPlace,
  createPreferences,
  type createSigner,
  type Header,
} from './notices.ts';

export type Signer = Awaited<ReturnType<typeof createSigner>>;
export type Claims = Readonly<Record<string, unknown>>;

const issuer = 'https://security.acme.example';
const audience = 'acme';
const url = 'https://cdn.acme.example/stop.jws';
export const typ = 'emergency-stop+jwt';

/** @param memory of an earlier window */
export function createRig(
  signers: readonly Signer[],
  memory: ReturnType<typeof createPreferences> = createPreferences(),
  options: { random?: () => number; clock?: FakeClock; pollSeconds?: number } = {},
) {
  const [signer] = signers;
  if (signer === undefined) throw new Error('somebody must sign');
  const clock = options.clock ?? new FakeClock();
  const { place, fetch } = createPlace(clock, emergencyStopParty);
  const { log, lines } = createLog();
  const { pollSeconds = 60, random = () => 0.5 } = options;
  const feed = new EmergencyStopFeed(
    { url, issuer, audience, keys: signers.map(({ pinned }) => pinned), pollSeconds },
    { fetch, clock, preferences: memory.preferences, random, log },
  );
  const heard = { changes: 0 };
  feed.onDidChange(() => heard.changes++);
  const nowSec = () => Math.floor(clock.now() / 1000);
  const claims = (more: Claims): JWTPayload => ({
    ...{ iss: issuer, aud: audience, iat: nowSec(), exp: nowSec() + 86_400 },
    ...more,
  });
  const publish = (jws: string, headers: Record<string, string> = {}) => {
    place.answer = () => new Response(jws, { headers });
  };
  return {
    ...{ clock, place, lines, feed, heard, memory, claims, publish, signer },
    sign: (more: Claims, header: Header = {}) => signer.sign(claims(more), { typ, ...header }),
    /** Signs, publishes, looks. */
    async look(more: Claims, header: Header = {}) {
      publish(await signer.sign(claims(more), { typ, ...header }));
      await feed.checkNow();
    },
    get reason() {
      return feed.problem?.facts.reason;
    },
  };
}

export type Rig = ReturnType<typeof createRig>;
