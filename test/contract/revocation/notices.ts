// The organization's notices as this extension follows them: the profile the sandbox prints, read as the
// administrator's file is read, and the real network.
import assert from 'node:assert/strict';
import { createGuardedFetch } from '../../../src/core/http/http.ts';
import { readProfile } from '../../../src/core/profile/profile.ts';
import { emergencyStopParty } from '../../../src/core/revocation/emergencyStop.ts';
import { EmergencyStopFeed } from '../../../src/core/revocation/emergencyStopFeed.ts';
import { sharedSignalsParty } from '../../../src/core/revocation/sharedSignals.ts';
import { SharedSignalsPoll } from '../../../src/core/revocation/sharedSignalsPoll.ts';
import type { Signal } from '../../../src/core/revocation/signal.ts';
import { systemClock as clock } from '../../../src/node/systemClock.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import { createLog, createPreferences } from '../../unit/revocation/notices.ts';

function profileOf(acme: Sandbox) {
  const { profile, problems } = readProfile(acme.line.profile, 'managed');
  assert.deepEqual(problems, []);
  assert.ok(profile !== undefined);
  return profile;
}

/** @param pollSeconds in place of what the profile says: quick enough to wait for */
export function openFeed(
  acme: Sandbox,
  memory = createPreferences(),
  pollSeconds?: number,
): EmergencyStopFeed {
  const { emergencyStop } = profileOf(acme);
  assert.ok(emergencyStop !== undefined);
  const profile = { ...emergencyStop, pollSeconds: pollSeconds ?? emergencyStop.pollSeconds };
  const { preferences } = memory;
  const fetch = createGuardedFetch({ fetch: globalThis.fetch, clock }, emergencyStopParty);
  const { log } = createLog();
  return new EmergencyStopFeed(profile, { fetch, clock, preferences, random: Math.random, log });
}

export function openPoll(acme: Sandbox, pollSeconds?: number) {
  const own = profileOf(acme).identityProviders[0]?.sharedSignals;
  assert.ok(own !== undefined);
  const profile = { ...own, pollSeconds: pollSeconds ?? own.pollSeconds };
  const fetch = createGuardedFetch({ fetch: globalThis.fetch, clock }, sharedSignalsParty);
  const { log } = createLog();
  const poll = new SharedSignalsPoll(profile, { fetch, clock, random: Math.random, log });
  const signals: Signal[] = [];
  poll.onDidSignal((signal) => signals.push(signal));
  return { poll, signals, profile };
}
