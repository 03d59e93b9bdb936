// Questions one after the other, with a way back. The flow is plain code: going back runs it again with
// the answers given so far, and asks the one before anew.
import { ConnectError } from '../core/errors.ts';

export const back = Symbol('back');

/** Where a question stands in its flow. */
export interface Place {
  /** 1 for the first. */
  readonly step: number;
}

/** One question: the answer, or the wish to go back. */
export type Question<T> = (place: Place) => Promise<T | typeof back>;

/** The answer; remembered while the flow runs, so it must be asked for in the same order each time. */
export type Ask = <T>(question: Question<T>) => Promise<T>;

/** What `flow` makes of the answers. @throws user.cancelled, what `flow` throws */
export async function inTurn<T>(flow: (ask: Ask) => Promise<T>): Promise<T> {
  const answers: unknown[] = [];
  const goneBack = new ConnectError('user.cancelled');
  for (;;) {
    const given = [...answers];
    let asked = 0;
    const ask: Ask = async <A>(question: Question<A>) => {
      asked += 1;
      if (given.length > 0) return given.shift() as A;
      const answer = await question({ step: asked });
      if (answer === back) {
        answers.pop();
        throw goneBack;
      }
      answers.push(answer);
      return answer;
    };
    try {
      return await flow(ask);
    } catch (error) {
      if (error !== goneBack) throw error;
    }
  }
}
