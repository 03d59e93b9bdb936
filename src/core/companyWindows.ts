// One company in all windows of its person: what ends in one ends in all, and who signs in here is signed
// in there.
import type { AccessReturns } from './connection/accessReturns.ts';
import { endsEverywhere } from './connection/closing.ts';
import type { Connection } from './connection/connection.ts';
import type { Detector } from './connection/history.ts';
import { isOpen, isRemoval } from './connection/state.ts';
import type { ConnectError, ErrorCode } from './errors.ts';
import type { CompanySessionState } from './overview.ts';
import type { Disposable } from './ports.ts';
import type { CompanySession } from './signIn/companySession.ts';
import { sessionKey } from './signIn/storedSession.ts';
import { errorFrom, errorMessage } from './windows/errorMessage.ts';
import type { WindowMessage } from './windows/windowMessage.ts';
import type { Windows } from './windows/windows.ts';

interface Deps {
  /** Of the identity provider. */
  readonly id: string;
  readonly windows: Windows;
  readonly session: CompanySession;
  readonly connection: (serverId: string) => Connection | undefined;
}

export class CompanyWindows implements Disposable {
  readonly #deps: Deps;
  readonly #subscriptions: readonly Disposable[];
  /** Servers that another window has told about: what is found there is no news. */
  readonly #hearing = new Set<string>();

  constructor(deps: Deps) {
    const { id, windows, session } = deps;
    this.#deps = deps;
    this.#subscriptions = [
      windows.onMessage((message) => {
        this.#take(message);
      }),
      windows.secrets.onDidChange((key) => {
        if (key === sessionKey(id)) void session.follow();
      }),
    ];
  }

  /** What one window lets go of for itself alone, others may go on with. */
  mayGiveBack(code: ErrorCode): boolean {
    return endsEverywhere(code) || !this.#deps.windows.isShared;
  }

  /** A connection has been shut here. */
  shut(serverId: string, error: ConnectError, detector: Detector): void {
    const { id, windows } = this.#deps;
    if (this.mayGiveBack(error.code)) windows.drop(id, serverId);
    const isNews = detector !== 'otherWindow' && isRemoval(error.code);
    if (isNews) this.#tell({ kind: 'closed', serverId, error: errorMessage(error) });
  }

  /** The company gives less of this server than before. */
  reduced(serverId: string): void {
    if (!this.#hearing.has(serverId)) this.#tell({ kind: 'reduced', serverId });
  }

  /** The company sign-in is over here. */
  signedOut(state: CompanySessionState): void {
    const { id: identityProvider, windows } = this.#deps;
    windows.drop(identityProvider);
    windows.secrets.unshare(identityProvider);
    if (state.kind !== 'ended' || state.detector === 'otherWindow') return;
    const { account, atMs } = state;
    windows.tell({ kind: 'sessionEnded', identityProvider, accountId: account.id, atMs });
  }

  /** Nobody of this person goes on with what other windows were given. */
  async giveBackRest(returns: AccessReturns, code: ErrorCode): Promise<void> {
    const { id, windows } = this.#deps;
    if (!this.mayGiveBack(code)) return;
    await Promise.all(windows.drop(id).map((access) => returns.giveBack(access)));
  }

  dispose(): void {
    for (const one of this.#subscriptions) one.dispose();
  }

  #tell(news: News): void {
    const { id: identityProvider, windows, session } = this.#deps;
    const accountId = session.inForce?.accountId;
    if (accountId !== undefined) windows.tell({ ...news, identityProvider, accountId });
  }

  #take(message: WindowMessage): void {
    const { id, windows, session, connection } = this.#deps;
    const { inForce } = session;
    if (!('identityProvider' in message) || message.identityProvider !== id) return;
    if (message.accountId !== inForce?.accountId) return;
    if (message.kind === 'sessionEnded') {
      // Not one that has begun since.
      if (inForce.sinceMs <= message.atMs) void session.revoked('otherWindow');
      return;
    }
    const known = connection(message.serverId);
    if (message.kind === 'closed') {
      windows.drop(id, message.serverId);
      known?.end(errorFrom(message.error), 'otherWindow');
    } else if (known !== undefined && isOpen(known.state)) void this.#reducedElsewhere(known);
  }

  async #reducedElsewhere(connection: Connection): Promise<void> {
    const { id } = connection.server;
    this.#hearing.add(id);
    await connection.check({ isInTurn: true });
    this.#hearing.delete(id);
  }
}

type Told<K> = Omit<Extract<WindowMessage, { kind: K }>, 'identityProvider' | 'accountId'>;
type News = Told<'closed'> | Told<'reduced'>;
