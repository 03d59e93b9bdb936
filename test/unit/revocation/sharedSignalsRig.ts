// One poll on a fake clock, and a transmitter that keeps events until they are acknowledged.
import type { JWTPayload } from 'jose';
import { Secret } from '../../../src/core/secret.ts';
import { sharedSignalsParty } from '../../../src/core/revocation/sharedSignals.ts';
import { SharedSignalsPoll } from '../../../src/core/revocation/sharedSignalsPoll.ts';
import type { Signal } from '../../../src/core/revocation/signal.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { createLog, createPlace, type createSigner, type Header } from './notices.ts';

export type Signer = Awaited<ReturnType<typeof createSigner>>;
export type Claims = Readonly<Record<string, unknown>>;

export const issuer = 'https://idp.acme.example';
export const audience = 'enterprise-mcp';
export const typ = 'secevent+jwt';
export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
export const alice = { format: 'iss_sub', iss: issuer, sub: 'alice' };

interface PollRequest {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, { err: string; description: string }>>;
  readonly maxEvents: number;
  readonly returnImmediately: boolean;
}

/** Hands out `perAnswer` events at a time. */
function createTransmitter() {
  const pending = new Map<string, string>();
  const polls: PollRequest[] = [];
  const settings = { perAnswer: 100 };
  const answer = (init: RequestInit) => {
    const poll = JSON.parse(init.body as string) as PollRequest;
    polls.push(poll);
    for (const id of [...poll.ack, ...Object.keys(poll.setErrs)]) pending.delete(id);
    const sets = Object.fromEntries([...pending].slice(0, settings.perAnswer));
    const moreAvailable = pending.size > Object.keys(sets).length;
    return Response.json({ sets, ...(moreAvailable ? { moreAvailable } : {}) });
  };
  return { pending, polls, settings, answer };
}

export function createRig(signer: Signer, options: { random?: () => number } = {}) {
  const clock = new FakeClock();
  const { place, fetch } = createPlace(clock, sharedSignalsParty);
  const transmitter = createTransmitter();
  place.answer = transmitter.answer;
  const { log, lines } = createLog();
  const poll = new SharedSignalsPoll(
    {
      ...{ pollEndpoint: `${issuer}/poll`, issuer, audience, keys: [signer.pinned] },
      ...{ credential: new Secret('canary-credential'), pollSeconds: 60 },
    },
    { fetch, clock, random: options.random ?? (() => 0.5), log },
  );
  const signals: Signal[] = [];
  const heard = { changes: 0 };
  poll.onDidSignal((signal) => signals.push(signal));
  poll.onDidChange(() => heard.changes++);
  const nowSec = () => Math.floor(clock.now() / 1000);
  const claims = (jti: string, more: Claims = {}): JWTPayload => ({
    ...{ iss: issuer, aud: audience, iat: nowSec(), jti, sub_id: alice },
    events: { [`${caep}session-revoked`]: { event_timestamp: nowSec() } },
    ...more,
  });
  const put = async (jti: string, more: Claims = {}, header: Header = {}) => {
    transmitter.pending.set(jti, await signer.sign(claims(jti, more), { typ, ...header }));
  };
  return { ...{ clock, place, lines, transmitter, poll, signals, heard, claims, put, nowSec } };
}

export type Rig = ReturnType<typeof createRig>;
