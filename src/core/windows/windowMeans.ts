// What a window needs to know of the other windows of its person: made by node/ for an editor's window.
import { ConnectError } from '../errors.ts';
import { Turns } from '../turns.ts';
import type { WindowLink } from './link.ts';
import type { Lock, Notes } from './lock.ts';

export interface WindowMeans {
  readonly link: WindowLink;
  readonly lock: Lock;
  readonly notes: Notes;
}

/** For a process that shares its storage with no other. */
export function aloneWindow(): WindowMeans {
  const turns = new Map<string, Turns>();
  const notes = new Map<string, string>();
  const turnsOf = (name: string): Turns => {
    const known = turns.get(name) ?? new Turns();
    turns.set(name, known);
    return known;
  };
  return {
    link: {
      role: 'alone',
      others: 0,
      onDidChangeRole: silent,
      onMessage: silent,
      settled: () => Promise.resolve('alone'),
      request: () => Promise.reject(new ConnectError('gateway.closed')),
      broadcast: () => undefined,
      handle: () => undefined,
      dispose: () => undefined,
    },
    lock: (name, task) => turnsOf(name).alone(task),
    notes: {
      read: (name) => Promise.resolve(notes.get(name)),
      write: (name, text) => Promise.resolve(void notes.set(name, text)),
    },
  };
}

const silent = () => ({ dispose: () => undefined });
