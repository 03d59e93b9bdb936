// What the organization makes known to everybody at once, wherever the profile says it does: the emergency
// stop, and the security events of each identity provider. Says what it means; closes nothing itself.
import type { OutboundLoader } from '../outbound.ts';
import type { ProfileProblem } from '../overview.ts';
import type { Clock, Disposable, Fetch, Log, Preferences } from '../ports.ts';
import type {
  EmergencyStopProfile,
  OrganizationProfile,
  SharedSignalsProfile,
} from '../profile/profile.ts';
import { sameEntry } from '../secret.ts';
import type { EmergencyStopFeed } from './emergencyStopFeed.ts';
import { endsSession, stopsServer } from './stops.ts';
import type { Signal } from './signal.ts';
import type { SharedSignalsPoll } from './sharedSignalsPoll.ts';

export interface NoticesDeps {
  readonly outbound: OutboundLoader;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly preferences: Preferences;
  /** What is stopped is another than before. */
  readonly onStops: () => void;
  /** A verified event of this identity provider. */
  readonly onSignal: (identityProvider: string, signal: Signal) => void;
  /** `problems` are others than before. */
  readonly onProblem: () => void;
}

interface Sources {
  readonly emergencyStop: EmergencyStopProfile | undefined;
  readonly signals: readonly {
    readonly id: string;
    readonly sharedSignals: SharedSignalsProfile;
  }[];
}

interface Followed {
  readonly of: Sources;
  feed?: EmergencyStopFeed;
  readonly polls: SharedSignalsPoll[];
  readonly subscriptions: Disposable[];
  isOver: boolean;
}

export class Notices {
  readonly #deps: NoticesDeps;
  #followed: Followed | undefined;

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  /**
   * Follows what `profile` names, and nothing else any more. Never rejects.
   * @returns when what was in force before a restart is in force again
   */
  async follow(profile: OrganizationProfile | undefined): Promise<void> {
    const { emergencyStop, identityProviders = [] } = profile ?? {};
    const signals = identityProviders.flatMap(({ id, sharedSignals }) =>
      sharedSignals === undefined ? [] : [{ id, sharedSignals }],
    );
    const of = { emergencyStop, signals };
    if (this.#followed !== undefined && sameEntry(of, this.#followed.of)) return;
    this.dispose();
    if (emergencyStop === undefined && signals.length === 0) return;
    const followed: Followed = { of, polls: [], subscriptions: [], isOver: false };
    this.#followed = followed;
    await this.#start(followed).catch((error: unknown) => {
      this.#deps.log.error('notices cannot be followed', { reason: String(error) });
    });
  }

  isStopped(serverId: string): boolean {
    const stops = this.#followed?.feed?.stops;
    return stops !== undefined && stopsServer(stops, serverId);
  }

  /** Whether a sign-in of this account, made at `sinceMs`, is over. */
  endsSession(account: { readonly id: string; readonly sinceMs: number }): boolean {
    const stops = this.#followed?.feed?.stops;
    return stops !== undefined && endsSession(stops, account);
  }

  /** When the emergency stop was last had, wall clock. */
  get checkedAtMs(): number | undefined {
    return this.#followed?.feed?.checkedAtMs;
  }

  get problems(): readonly ProfileProblem[] {
    const { feed, polls = [] } = this.#followed ?? {};
    return [
      ...said('organization.stopListInvalid', 'emergencyStop', feed?.problem?.facts.reason),
      ...polls.flatMap(({ problem }) =>
        said('organization.signalsInvalid', 'sharedSignals', problem?.facts.reason),
      ),
    ];
  }

  /** Looks now, e.g. after the computer slept. Never rejects. */
  async checkNow(): Promise<void> {
    const { feed, polls = [] } = this.#followed ?? {};
    await Promise.all([feed?.checkNow(), ...polls.map((poll) => poll.pollNow())]);
  }

  dispose(): void {
    const followed = this.#followed;
    this.#followed = undefined;
    if (followed === undefined) return;
    followed.isOver = true;
    followed.feed?.dispose();
    for (const one of [...followed.polls, ...followed.subscriptions]) one.dispose();
  }

  async #start(followed: Followed): Promise<void> {
    const { emergencyStop, signals } = followed.of;
    const { outbound, onStops, onSignal, onProblem } = this.#deps;
    const { protocol } = await outbound.load();
    if (followed.isOver) return;
    const to = (party: Parameters<typeof protocol.createGuardedFetch>[1]) =>
      protocol.createGuardedFetch(this.#deps, party);
    if (emergencyStop !== undefined) {
      const feed = new protocol.EmergencyStopFeed(emergencyStop, {
        ...this.#deps,
        fetch: to(protocol.emergencyStopParty),
      });
      followed.feed = feed;
      followed.subscriptions.push(
        feed.onDidChange(() => {
          onStops();
          onProblem();
        }),
      );
      await feed.restore();
      void feed.start();
    }
    for (const { id, sharedSignals } of signals) {
      const poll = new protocol.SharedSignalsPoll(sharedSignals, {
        ...this.#deps,
        fetch: to(protocol.sharedSignalsParty),
      });
      followed.polls.push(poll);
      followed.subscriptions.push(
        poll.onDidSignal((signal) => {
          onSignal(id, signal);
        }),
      );
      followed.subscriptions.push(poll.onDidChange(onProblem));
      void poll.pollNow();
    }
  }
}

const said = (
  code: ProfileProblem['code'],
  key: string,
  reason: string | undefined,
): readonly ProfileProblem[] => (reason === undefined ? [] : [{ code, key, reason }]);
