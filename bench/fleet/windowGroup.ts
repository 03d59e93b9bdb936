// The windows of one person, linked without sockets: the first one leads.
import { ConnectError } from '../../src/core/errors.ts';
import { Emitter } from '../../src/core/event.ts';
import type { Answer, Role, WindowLink } from '../../src/core/windows/link.ts';
import { aloneWindow, type WindowMeans } from '../../src/core/windows/windowMeans.ts';

interface Member {
  readonly messages: Emitter<unknown>;
  answer: Answer;
}

/** `count` windows that share a lock, notes and a leader. */
export function windowGroup(count: number): readonly WindowMeans[] {
  const { lock, notes } = aloneWindow();
  const members = Array.from({ length: count }, (): Member => ({
    messages: new Emitter<unknown>((error) => {
      throw error;
    }),
    answer: () => Promise.reject(new ConnectError('gateway.closed')),
  }));
  return members.map((own, index) => ({ link: linkOf(own, index, members), lock, notes }));
}

function linkOf(own: Member, index: number, members: readonly Member[]): WindowLink {
  const [leader = own] = members;
  const role: Role = index === 0 ? 'leader' : 'follower';
  const never = new AbortController().signal;
  return {
    role,
    others: index === 0 ? members.length - 1 : 1,
    onDidChangeRole: () => ({ dispose: () => undefined }),
    onMessage: own.messages.event,
    settled: () => Promise.resolve(role),
    request: async (method, params, signal = never) =>
      plain(await leader.answer(method, plain(params), signal)),
    broadcast: (message) => {
      const text = plain(message);
      for (const one of members) if (one !== own) one.messages.fire(text);
    },
    handle: (answer) => {
      own.answer = answer;
    },
    dispose: () => undefined,
  };
}

/** As it comes out of a socket. */
const plain = (message: unknown): unknown => JSON.parse(JSON.stringify(message));
