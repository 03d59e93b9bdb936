// Acme seen from a suite: its admin's hands, its ledger, and the person at the browser.
import { createBridgeClient, type BridgeClient } from '../support/bridgeClient.ts';
import { eventually } from '../support/eventually.ts';
import { adminClient, type Admin, type LedgerEntry, type SandboxLine } from '../support/sandbox.ts';

export interface Acme {
  readonly admin: Admin;
  readonly browser: BridgeClient;
  readonly authorizationServers: readonly string[];
  /** What follows is counted from here. */
  mark(): Promise<void>;
  /** What was asked since the mark. */
  ledger(): Promise<readonly LedgerEntry[]>;
  /** Waits until this many servers answered their first question with the person's access. */
  connected(servers: number): Promise<void>;
  browserSessionEnded(): Promise<void>;
  /** Waits until everything issued is revoked at every party and the browser's session has ended. */
  signedOut(): Promise<void>;
}

export function createAcme(): Acme {
  const { TEST_SANDBOX = '', TEST_BRIDGE = '' } = process.env;
  const line = JSON.parse(TEST_SANDBOX) as SandboxLine;
  const admin = adminClient(line.admin.api);
  const authorizationServers = line.authorizationServers.map(({ id }) => id);
  const since = { seq: 0 };
  const ledger = (): Promise<readonly LedgerEntry[]> => admin.ledger(since.seq);
  const browserSessionEnded = async (): Promise<void> => {
    await eventually("the browser's session has ended", async () =>
      (await ledger()).some(({ endpoint }) => endpoint === '/sign-out/confirm'),
    );
  };
  return {
    admin,
    browserSessionEnded,
    authorizationServers,
    browser: createBridgeClient(TEST_BRIDGE),
    async mark() {
      since.seq = (await admin.ledger(0)).at(-1)?.seq ?? 0;
    },
    ledger,
    async connected(servers) {
      await eventually(`${servers} servers are connected`, async () => {
        const listed = (await ledger()).filter(
          ({ leg, detail, outcome }) =>
            leg === 'mcp' && detail === 'tools/list' && outcome === 'ok',
        );
        return new Set(listed.map(({ id }) => id)).size >= servers;
      });
    },
    async signedOut() {
      const parties = [...authorizationServers.map((id) => `authorizationServer ${id}`)];
      await browserSessionEnded();
      await eventually('what was issued is revoked at every party', async () => {
        const revocations = (await ledger())
          .filter(({ leg, outcome }) => leg === 'revocation' && outcome === 'ok')
          .map(({ party, id }) => (party === 'identityProvider' ? party : `${party} ${id}`));
        return [...parties, 'identityProvider'].every((party) => revocations.includes(party));
      });
    },
  };
}
