// Keeps the rows of other clients. Loaded behind everything else.
import type { OtherClients } from '../core/harness/otherClients.ts';
import type { Clock, Disposable, Log } from '../core/ports.ts';
import { clientRows } from '../core/present/clientRows.ts';
import type { ConnectionTree } from './connectionTree.ts';

export interface OpenedClients {
  readonly clients: OtherClients;
  dispose(): Promise<void>;
}

export interface OtherClientsDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'error'>;
  readonly tree: Pick<ConnectionTree, 'showBelow'>;
  /** The same at each call. */
  readonly otherClients: () => Promise<OpenedClients>;
}

export function registerOtherClients(deps: OtherClientsDeps): Disposable {
  const { clock, tree } = deps;
  const held: { opened?: OpenedClients; changes?: Disposable; isOver?: true } = {};
  const end = () => {
    held.changes?.dispose();
    void held.opened?.dispose();
  };
  const begin = async () => {
    const opened = await deps.otherClients();
    const { clients } = opened;
    const show = () => {
      tree.showBelow(() => clientRows(clients, { nowMs: clock.now() }), 'clients');
    };
    held.opened = opened;
    held.changes = clients.onDidChange(show);
    show();
    if (held.isOver !== undefined) end();
  };
  begin().catch((error: unknown) => {
    deps.log.error('other clients cannot be looked after', { reason: String(error) });
  });
  return {
    dispose: () => {
      held.isOver = true;
      end();
    },
  };
}
