// Windows as guards around one identity provider that replaces every refresh token and ends the sign-in when
// one comes back too late. A killed window stops in the middle of whatever it did.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { IdToken, SignInClient } from '../../../src/core/signIn/signIn.ts';
import type { StoredSession } from '../../../src/core/signIn/storedSession.ts';
import type { Lock, Notes } from '../../../src/core/windows/lock.ts';
import { RefreshGuard } from '../../../src/core/windows/refreshGuard.ts';
import { Turns } from '../../../src/core/turns.ts';
import { FakeClock, settle } from '../../support/fakeClock.ts';

const account = { id: 'alice', label: 'alice@acme.example' };
const never = () => new Promise<never>(() => undefined);

/** Where a window may be killed, on its way through one use of the refresh token. */
const moments = ['never', 'beforeSending', 'sent', 'answered', 'stored'] as const;
type Moment = (typeof moments)[number];

class World {
  readonly clock = new FakeClock();
  readonly notesText = new Map<string, string>();
  session: StoredSession = {
    ...{ account, membership: {}, sinceMs: 1, idToken: undefined },
    refreshToken: new Secret('r0'),
  };
  /** Of the identity provider. */
  readonly spentAtMs = new Map<string, number>();
  issued = 0;
  revoked = false;
  reuses = 0;
  inside = 0;
  most = 0;
  lastIdToken: IdToken | undefined;
  readonly graceMs: number;
  readonly #turns = new Turns();

  constructor(graceMs: number) {
    this.graceMs = graceMs;
  }

  /** As the identity provider answers. */
  refreshed(token: string): string {
    const spentAtMs = this.spentAtMs.get(token);
    if (spentAtMs !== undefined && this.clock.now() - spentAtMs > this.graceMs) {
      this.revoked = true;
      this.reuses++;
    }
    if (this.revoked) throw new ConnectError('identityProvider.sessionEnded');
    if (spentAtMs === undefined) this.spentAtMs.set(token, this.clock.now());
    return `r${++this.issued}`;
  }

  /** One use by a window that is killed at a moment. */
  async use(killedAt: Moment, knownGraceMs: number, isAnswered = true): Promise<string> {
    const dead = { now: false };
    const reached = async (moment: Moment) => {
      if (killedAt === moment) dead.now = true;
      if (dead.now) {
        leave();
        await never();
      }
    };
    let leave: () => void = () => undefined;
    const left = new Promise<'killed'>((resolve) => {
      leave = () => {
        resolve('killed');
      };
    });
    const lock: Lock = (_name, task) =>
      this.#turns.alone(async () => {
        this.most = Math.max(this.most, ++this.inside);
        // A killed window's lock is taken over.
        return (await Promise.race([task(), left]).finally(() => this.inside--)) as never;
      });
    const notes: Notes = {
      read: (name) => Promise.resolve(this.notesText.get(name)),
      write: async (name, text) => {
        if (!dead.now) this.notesText.set(name, text);
        await settle();
      },
    };
    const guard = new RefreshGuard({
      ...{ name: 'acme', lock, notes, clock: this.clock, graceMs: knownGraceMs },
      accountId: () => account.id,
      store: {
        read: () => Promise.resolve(this.session),
        write: () => Promise.resolve(),
        delete: () => Promise.resolve(),
      },
      idTokens: {
        keep: (idToken) => {
          this.lastIdToken = idToken;
        },
        newest: () => this.lastIdToken,
      },
    });
    const inner: SignInClient = {
      signIn: never,
      revoke: never,
      endSessionUrl: () => undefined,
      refresh: async (token, _account, onRotated) => {
        await reached('beforeSending');
        const successor = this.refreshed(token.reveal());
        await reached('sent');
        if (!isAnswered) throw new ConnectError('network.unreachable');
        await reached('answered');
        await onRotated(new Secret(successor));
        await reached('stored');
        return { token: new Secret('id'), expiresAtMs: this.clock.now() + 300_000, membership: {} };
      },
    };
    const given = this.session.refreshToken ?? new Secret('none');
    const used = guard
      .client(inner)
      .refresh(given, account, (successor) => {
        if (!dead.now) this.session = { ...this.session, refreshToken: successor };
        return Promise.resolve();
      })
      .then(
        () => 'ok',
        (error: unknown) => ConnectError.from(error).code,
      );
    return this.#finished(Promise.race([used, left]));
  }

  /** Time passes while somebody waits. */
  async #finished(work: Promise<string>): Promise<string> {
    const seen: { outcome?: string } = {};
    void work.then((outcome) => (seen.outcome = outcome));
    // Digests are made in another thread: real time has to pass as well.
    for (let round = 0; seen.outcome === undefined && round < 1_000; round++) {
      await new Promise((resolve) => setTimeout(resolve, round < 5 ? 0 : 1));
      if (round % 3 === 2) await this.clock.advance(250);
    }
    return seen.outcome ?? 'stuck';
  }
}

const steps = fc.array(
  fc.record({ killedAt: fc.constantFrom(...moments), waitMs: fc.nat({ max: 20_000 }) }),
  { maxLength: 8 },
);

describe('the guard around refresh tokens', () => {
  it('never lets one come back too late, wherever windows are killed', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(0, 10_000), async (sequence, graceMs) => {
        const world = new World(graceMs);
        for (const { killedAt, waitMs } of sequence) {
          const outcome = await world.use(killedAt, Math.max(0, graceMs - 2_000));
          assert.notEqual(outcome, 'stuck');
          await world.clock.advance(waitMs);
        }
        assert.equal(world.reuses, 0);
        assert.equal(world.revoked, false);
        assert.ok(world.most <= 1);
      }),
      { numRuns: 30 },
    );
  });

  it('loses nothing where the successor takes over in time', async () => {
    const world = new World(10_000);
    for (const killedAt of ['beforeSending', 'sent', 'answered', 'stored'] as const) {
      assert.equal(await world.use(killedAt, 9_000), 'killed');
      assert.equal(await world.use('never', 9_000), 'ok', killedAt);
    }
  });

  it('repeats while it is safe, counted from the first use, then asks for a new sign-in', async () => {
    const world = new World(60_000);
    for (const waitMs of [20_000, 20_000, 20_000]) {
      assert.equal(await world.use('sent', 50_000), 'killed');
      await world.clock.advance(waitMs);
    }
    assert.equal(await world.use('never', 50_000), 'identityProvider.signInAgain');
    assert.equal(world.issued, 3);
    world.session = { ...world.session, sinceMs: 2, refreshToken: new Secret('signed in anew') };
    assert.equal(await world.use('never', 50_000), 'ok');
  });

  it('goes on with the newest ID token while it lives, where repeating is not safe', async () => {
    const world = new World(0);
    assert.equal(await world.use('never', 0), 'ok');
    assert.equal(await world.use('answered', 0), 'killed');
    assert.equal(await world.use('never', 0), 'ok');
    await world.clock.advance(300_001);
    assert.equal(await world.use('never', 0), 'identityProvider.signInAgain');
    assert.equal(world.reuses, 0);
  });

  it('lets a window that lives try again after an outage', async () => {
    const world = new World(0);
    world.spentAtMs.clear();
    assert.equal(await world.use('never', 0, false), 'network.unreachable');
    world.spentAtMs.clear();
    assert.equal(await world.use('never', 0), 'ok');
  });

  it('takes a successor that arrives while it is in doubt', async () => {
    const world = new World(0);
    assert.equal(await world.use('answered', 0), 'killed');
    world.clock.schedule(400, () => {
      world.session = { ...world.session, refreshToken: new Secret('told to another window') };
    });
    assert.equal(await world.use('never', 0), 'ok');
    assert.equal(world.reuses, 0);
  });
});
