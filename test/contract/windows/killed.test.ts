// Eight windows as eight processes that all renew at once at an identity provider that replaces each refresh
// token and ends the sign-in when one comes back; one after the other is killed and opened again.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { IdentityProviderSetup } from '../../../src/sandbox/setup.ts';
import { eventually } from '../../support/eventually.ts';
import { fleet } from '../../support/fleet.ts';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import { makeWindowFolders, type WindowFolders } from '../../support/windowFolders.ts';
import type { Report, WindowProcessOptions } from './windowProcess.ts';

const processes = 8;
const mostKills = 60;

interface Window {
  readonly serverId: string;
  child: ChildProcess;
  left: number;
  isLeader: boolean;
}

interface Run {
  readonly sandbox: Sandbox;
  readonly windows: Window[];
  readonly failures: string[];
  readonly takeOversMs: number[];
  kills: number;
  killsOfLeaders: number;
  leaderKilledAtMs: number | undefined;
  signIns: number;
  isSigningIn: boolean;
}

describe('windows that are killed', function () {
  this.timeout(240_000);
  const world = {} as { folders: WindowFolders; run: Run; script: string };

  beforeEach(async () => {
    world.folders = await makeWindowFolders();
    world.script = join(world.folders.runtimeFolder, 'window.mjs');
    await mkdir(world.folders.storageFolder);
    await mkdir(join(world.folders.runtimeFolder, 'secrets'));
    await build({
      ...{ entryPoints: ['test/contract/windows/windowProcess.ts'], outfile: world.script },
      ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
      banner: {
        js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
      },
    });
  });
  afterEach(async () => {
    for (const { child } of world.run.windows) child.kill('SIGKILL');
    await world.run.sandbox.stop();
    await world.folders.remove();
  });

  const start = async (identityProvider: IdentityProviderSetup, latencyMs = 0): Promise<Run> => {
    const setup = { identityProvider, ...fleet({ servers: processes, authorizationServers: 2 }) };
    world.run = {
      sandbox: await startSandbox({ setup, latencyMs }),
      ...{ windows: [], failures: [], takeOversMs: [] },
      ...{ kills: 0, killsOfLeaders: 0, signIns: 0, isSigningIn: false },
      leaderKilledAtMs: undefined,
    };
    return world.run;
  };

  const open = (run: Run, serverId: string, count: number, graceMs: number): Window => {
    const { storageFolder, runtimeFolder } = world.folders;
    const options: WindowProcessOptions = {
      profile: run.sandbox.line.profile,
      ...{ storageFolder, runtimeFolder, serverId, graceMs, count },
      secretsFolder: join(runtimeFolder, 'secrets'),
    };
    const child = fork(world.script, [JSON.stringify(options)]);
    const window: Window = { serverId, child, left: count, isLeader: false };
    child.on('message', (message) => {
      heard(run, window, message as Report);
    });
    return window;
  };

  const heard = (run: Run, window: Window, report: Report) => {
    if (report.kind === 'minted') window.left--;
    if (report.kind === 'signedIn') run.isSigningIn = false;
    if (report.kind === 'failed') {
      run.failures.push(report.code);
      const isOver = report.code === 'identityProvider.signInAgain';
      if (isOver && !run.isSigningIn) signIn(run, window);
    }
    if (report.kind === 'role') {
      window.isLeader = report.role === 'leader';
      if (window.isLeader && run.leaderKilledAtMs !== undefined) {
        run.takeOversMs.push(report.atMs - run.leaderKilledAtMs);
        run.leaderKilledAtMs = undefined;
      }
    }
  };

  /** As a person does who is told to sign in again. */
  const signIn = (run: Run, { child }: Window) => {
    run.isSigningIn = true;
    run.signIns++;
    child.send('signIn');
  };

  const kill = async (run: Run, index: number, graceMs: number) => {
    const window = run.windows[index]!;
    run.kills++;
    if (window.isLeader && run.leaderKilledAtMs === undefined) {
      run.killsOfLeaders++;
      run.leaderKilledAtMs = Date.now();
    }
    const gone = once(window.child, 'exit');
    window.child.kill('SIGKILL');
    await gone;
    // Also where it was done: whoever leads next has something to do.
    run.windows[index] = open(run, window.serverId, Math.max(window.left, 5), graceMs);
  };

  /** Kills a leader or any window, until all have what they need. */
  const killAtRandom = async (run: Run, each: number, graceMs: number, everyMs: number) => {
    for (let index = 0; index < processes; index++) {
      run.windows.push(open(run, `server-${index + 1}`, each, graceMs));
    }
    await once(run.windows[0]!.child, 'message');
    await eventually('ready', () => run.windows.some(({ isLeader }) => isLeader));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    signIn(run, run.windows[0]!);
    await eventually('signed in', () => !run.isSigningIn);
    // On a quick computer the work is done before enough have been killed.
    const isEnough = () => run.killsOfLeaders >= 5;
    const isDone = () => isEnough() && run.windows.every(({ left }) => left <= 0);
    while (!isDone()) {
      if (run.kills === mostKills) {
        await eventually('done', isDone, { withinMs: 120_000 });
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs * (0.5 + Math.random())));
      if (isDone()) break;
      if (run.isSigningIn) continue;
      const leader = run.windows.findIndex(({ isLeader }) => isLeader);
      const isTurn = leader >= 0 && (!isEnough() || Math.random() < 0.7);
      await kill(run, isTurn ? leader : Math.floor(Math.random() * processes), graceMs);
    }
  };

  /** `leg`: where the refresh token goes; an answer to another one may be about an ID token that is too old. */
  const outcome = async (run: Run, leg: 'refresh' | 'exchange') => {
    const entries = await run.sandbox.admin.ledger(0);
    const atProvider = entries.filter(({ party }) => party === 'identityProvider');
    const uses = atProvider.filter(({ leg }) => leg === 'refresh' || leg === 'exchange');
    return {
      revocations: uses.filter((use) => use.leg === leg && use.error === 'invalid_grant').length,
      refreshes: uses.filter(({ leg }) => leg === 'refresh').length,
      exchanges: uses.filter(({ leg }) => leg === 'exchange').length,
      ...{ kills: run.kills, killsOfLeaders: run.killsOfLeaders, signIns: run.signIns },
      slowestTakeOverMs: Math.max(0, ...run.takeOversMs),
      failures: run.failures,
    };
  };

  it('lose no sign-in where a replaced refresh token is taken again for some seconds', async () => {
    const run = await start({
      ...{ subjectTokens: ['refreshToken'], rotatesInExchange: true },
      refreshGraceSec: 10,
    });
    await killAtRandom(run, 200, 9_000, 500);
    const { revocations, exchanges, ...rest } = await outcome(run, 'exchange');
    assert.equal(revocations, 0);
    assert.equal(rest.signIns, 1);
    assert.deepEqual(rest.failures, []);
    assert.ok(rest.killsOfLeaders >= 5, `only ${rest.killsOfLeaders} kills of leaders`);
    assert.ok(rest.slowestTakeOverMs <= 5_000);
    // A killed window's question may have been answered to nobody; none is asked twice.
    assert.ok(exchanges <= processes * 200 + rest.kills * processes, `${exchanges} exchanges`);
  });

  it('never use a refresh token again that may be spent where none is taken again', async () => {
    const run = await start({ idTokenSeconds: 2 }, 20);
    await killAtRandom(run, 60, 0, 700);
    const { revocations, ...rest } = await outcome(run, 'refresh');
    assert.equal(revocations, 0);
    const expected = ['identityProvider.signInAgain', 'user.cancelled'];
    assert.deepEqual(
      [...new Set(rest.failures)].filter((code) => !expected.includes(code)),
      [],
    );
    assert.ok(rest.killsOfLeaders >= 5, `only ${rest.killsOfLeaders} kills of leaders`);
    assert.ok(rest.signIns <= 1 + rest.kills);
  });
});
