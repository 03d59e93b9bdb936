// The revocation drill against a company that really takes access away, through the real gateway.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { drillMarkdown } from '../../../src/core/drill/markdown.ts';
import { dryRun, rehearse } from '../../../src/core/drill/rehearsal.ts';
import { verdictOf, type DrillKind, type DrillReport } from '../../../src/core/drill/report.ts';
import { isUsable } from '../../../src/core/connection/state.ts';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { GatewayClient } from '../../../src/node/gatewayClient.ts';
import { scanFor } from '../../../src/node/secretScan.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import type { Employee } from '../../support/employee.ts';
import { openVendorCompany, type VendorCompany } from '../vendors/vendorCompany.ts';

describe('a revocation drill', function () {
  this.timeout(60_000);
  const world = {} as { at: VendorCompany; alice: Employee; gateway: Gateway; folder: string };

  beforeEach(async () => {
    world.folder = mkdtempSync(join(tmpdir(), 'drill-'));
    world.at = await openVendorCompany({
      authorizationServers: [{ id: 'guard', label: 'Guard' }],
      servers: ['notes', 'plans'].map((id) => ({
        ...{ id, label: id, authorizationServer: 'guard', scopes: [id] },
      })),
    });
    world.alice = await world.at.settled('alice');
    const { connections } = world.alice;
    world.gateway = new Gateway({
      upstreams: connectionUpstreams(connections),
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
      platform: process.platform,
      environment: process.env,
    });
    await world.gateway.listen();
  });
  afterEach(async () => {
    await world.gateway.dispose();
    await world.at.stop();
    rmSync(world.folder, { recursive: true });
  });

  async function drill(
    kind: DrillKind,
    trigger: () => Promise<unknown>,
    longestMs = 40_000,
  ): Promise<DrillReport> {
    const { alice, gateway, folder } = world;
    const { connections } = alice;
    const browser = alice.opened.length;
    return rehearse(
      {
        kind,
        serverIds: ['notes'],
        triggered: async () => {
          const doneAtMs = await trigger();
          return typeof doneAtMs === 'number' ? doneAtMs : Date.now();
        },
        onProgress: () => undefined,
        signal: AbortSignal.timeout(longestMs),
      },
      {
        connections,
        client: new GatewayClient({ address: () => gateway.address, key: () => gateway.key() }),
        isOffered: (serverId) => isUsable(connections.connection(serverId)!.state),
        scan: async (secrets) => ({
          ...(await scanFor(
            secrets.map((one) => one.reveal()),
            [folder],
            AbortSignal.timeout(5_000),
          )),
          credentials: secrets.length,
        }),
        witnessed: () => ({ browserOpened: alice.opened.length - browser, registrations: 0 }),
        clock: systemClock,
        versions: { extension: '0', editor: 'none', system: process.platform },
      },
    );
  }
  it('measures a removal from the answer of the company to the last call', async () => {
    const { alice, at } = world;
    const report = await drill('grantRemoved', async () => {
      await at.sandbox.admin.remove('alice', 'notes');
      setTimeout(() => void alice.connections.checkNow(), 1_500);
    });
    const [notes] = report.servers;
    assert.equal(verdictOf(report), 'PASS', JSON.stringify(notes));
    assert.ok(notes !== undefined);
    assert.equal(notes.detector, 'check');
    assert.equal(notes.closedAs, 'accessRemoved');
    assert.equal(notes.callsBefore, 3);
    assert.ok(notes.callsAfterTrigger >= 1, 'nobody called between the trigger and the check');
    assert.match(notes.told ?? '', /^Access to notes was removed by Acme/);
    assert.equal(world.alice.connections.openStreams('notes'), 0);
    for (const atMs of [notes.gateClosedAtMs, notes.streamClosedAtMs, notes.wipedAtMs]) {
      assert.ok(atMs !== undefined && atMs - notes.detectedAtMs! <= 1_000);
    }
    assert.ok(notes.lastAllowedCallAtMs! <= notes.gateClosedAtMs!);
    assert.ok(notes.revokedAtMs !== undefined && notes.copyWorksUntilMs! > report.endedAtMs);
    assert.equal(alice.state('plans')?.kind, 'connected');
    assert.deepEqual(report.witnessed, { browserOpened: 0, registrations: 0 });
    assert.ok(report.scan.credentials >= 3);
    const said = drillMarkdown(report);
    assert.match(said, /^# Revocation drill: PASS\n/);
    for (const secret of [...alice.secrets.values()]) assert.ok(!said.includes(secret));
    assert.ok(!JSON.stringify(report).includes('alice'));
  });

  it('counts what was closed before somebody came to say when it was done', async () => {
    const { alice, at } = world;
    const report = await drill('grantRemoved', async () => {
      const doneAtMs = Date.now();
      await at.sandbox.admin.remove('alice', 'notes');
      await alice.connections.checkNow();
      await delay(1_500);
      return doneAtMs;
    });
    assert.equal(verdictOf(report), 'PASS', JSON.stringify(report.servers));
  });

  it('tells the end of a sign-in, and a refusal by the server, from each other', async () => {
    const { alice, at } = world;
    const ended = await drill('sessionEnded', async () => {
      await at.sandbox.admin.endSession('alice');
      setTimeout(() => void alice.connections.checkNow(), 500);
    });
    assert.equal(verdictOf(ended), 'PASS', JSON.stringify(ended.servers));
    assert.equal(ended.servers[0]?.closedAs, 'sessionEnded');
    assert.equal(alice.state('plans')?.kind, 'sessionEnded');
  });

  it('finds out at the next call where the server takes access back', async () => {
    const { at } = world;
    const report = await drill('refusedByServer', async () => {
      await at.sandbox.admin.remove('alice', 'notes');
      await at.sandbox.admin.revokeAccess('alice', 'notes');
    });
    assert.equal(verdictOf(report), 'PASS', JSON.stringify(report.servers));
    assert.equal(report.servers[0]?.callsAfterTrigger, 0);
  });

  it('fails where it was never closed, and where something was left behind', async () => {
    const { alice, folder } = world;
    const [refreshToken] = alice.connections
      .heldSecrets()
      .map((one) => one.reveal())
      .slice(-1);
    writeFileSync(
      join(folder, 'log.txt'),
      `x${Buffer.from(`..${refreshToken}`).toString('base64')}`,
    );
    const report = await drill('grantRemoved', () => Promise.resolve(), 3_000);
    assert.equal(verdictOf(report), 'FAIL');
    assert.deepEqual(report.scan.hits, [join(folder, 'log.txt')]);
    assert.deepEqual(report.servers[0]?.reasons, ['it was never closed']);
    assert.match(drillMarkdown(report), /\*\*Found\*\* in:/);
  });

  it('is inconclusive where nobody was let in before', async () => {
    await world.alice.connections.turnOff('notes');
    const report = await drill('grantRemoved', () => Promise.resolve());
    assert.equal(report.servers[0]?.verdict, 'INCONCLUSIVE');
    assert.equal(verdictOf(report), 'INCONCLUSIVE');
  });

  it('says beforehand what it would measure, and does nothing', async () => {
    const { alice, at } = world;
    const before = (await at.sandbox.admin.state()).ledger.last;
    const said = dryRun({ kind: 'grantRemoved', serverIds: ['notes'] }, alice.connections);
    assert.deepEqual(said.servers, [
      { id: 'notes', label: 'notes', state: 'connected', boundMs: 15 * 60_000 + 15_000 },
    ]);
    assert.equal((await at.sandbox.admin.state()).ledger.last, before);
  });
});
