// One sign-in at a time at one identity provider, on this computer's browser or with a code.
import type { SignInOptions } from '../companyDeps.ts';
import { ConnectError } from '../errors.ts';
import type { OpenUrl, StartRedirectReceiver } from '../ports.ts';
import type { CompanySession } from './companySession.ts';
import type { StepUp } from './stepUp.ts';

interface Deps {
  readonly session: CompanySession;
  readonly openUrl: OpenUrl;
  readonly startReceiver: StartRedirectReceiver;
  /** What connections wait for that only a stronger sign-in gives. */
  readonly stepUp: () => StepUp | undefined;
}

export class SigningIn {
  readonly #deps: Deps;
  #underWay: { controller: AbortController; done: Promise<void> } | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Gives up the one under way, if any. */
  cancel(): void {
    this.#underWay?.controller.abort();
  }

  /**
   * One already under way is given up for this one.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*, profile.*
   */
  async run(signal: AbortSignal, options: SignInOptions): Promise<void> {
    const before = this.#underWay;
    before?.controller.abort();
    const controller = new AbortController();
    const either = AbortSignal.any([signal, controller.signal]);
    // The place in the queue is taken before waiting: of three clicks the last one counts.
    const done = (before?.done ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#run(either, options));
    const own = { controller, done };
    this.#underWay = own;
    try {
      await done;
    } finally {
      if (this.#underWay === own) this.#underWay = undefined;
    }
  }

  async #run(signal: AbortSignal, { withCode }: SignInOptions): Promise<void> {
    if (signal.aborted) throw new ConnectError('user.cancelled');
    const { session, openUrl, startReceiver } = this.#deps;
    const stepUp = this.#deps.stepUp();
    if (withCode !== undefined) {
      await session.signIn({ showCode: withCode }, signal, stepUp);
      return;
    }
    const receiver = await startReceiver();
    try {
      await session.signIn({ openUrl, receiver }, signal, stepUp);
    } finally {
      receiver.dispose();
    }
  }
}
