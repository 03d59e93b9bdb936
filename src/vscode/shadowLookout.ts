// Looks for shadow connections once something is connected and when the window comes to the front, and
// keeps the row that tells of them. Reads files only, and only behind everything else.
import { isOpen } from '../core/connection/state.ts';
import type { Clock, Disposable, Event, Log } from '../core/ports.ts';
import { shadowRows } from '../core/present/shadowRow.ts';
import type { Actions } from './actions.ts';
import type { ConnectionTree } from './connectionTree.ts';
import type { SupportTools } from './support.ts';

/** Connecting comes first, milliseconds. */
const behindMs = 2_000;

export interface ShadowLookoutDeps {
  readonly actions: Pick<Actions, 'overview' | 'onDidChange'>;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly log: Pick<Log, 'error'>;
  /** The window comes to the front. */
  readonly onDidFocus: Event<void>;
  readonly tree: Pick<ConnectionTree, 'showBelow'>;
  /** The same at each call. */
  readonly support: () => Promise<Pick<SupportTools, 'shadow'>>;
}

export function registerShadowLookout(deps: ShadowLookoutDeps): Disposable {
  const { actions, clock } = deps;
  const held: { planned?: Disposable; changes?: Disposable; seenFor?: string } = {};
  const look = async (isNew: boolean): Promise<void> => {
    const { watch, home } = (await deps.support()).shadow;
    const show = () => {
      const { organization = '' } = actions.overview();
      deps.tree.showBelow(() => shadowRows(watch.report(), { organization, home }));
    };
    held.changes ??= watch.onDidChange(show);
    await (isNew ? watch.lookNow() : watch.look());
    show();
  };
  const lookBehind = (isNew: boolean) => {
    look(isNew).catch((error: unknown) => {
      deps.log.error('the look for shadow connections failed', { reason: String(error) });
    });
  };
  const isConnected = () => actions.overview().connections.some(({ state }) => isOpen(state));
  const update = () => {
    const servers = JSON.stringify(actions.overview().connections.map(({ url }) => url));
    if (!isConnected() || servers === held.seenFor) return;
    held.seenFor = servers;
    held.planned?.dispose();
    held.planned = clock.schedule(behindMs, () => {
      lookBehind(true);
    });
  };
  const subscriptions = [
    actions.onDidChange(update),
    deps.onDidFocus(() => {
      if (isConnected()) lookBehind(false);
    }),
  ];
  update();
  return {
    dispose: () => {
      for (const one of [...subscriptions, held.planned, held.changes]) one?.dispose();
    },
  };
}
