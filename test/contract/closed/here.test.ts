// What comes at the person's own computer: T13 (a repository), T14 (text for the screen), T16 (whoever answers
// in the browser's place), T19 (an older or another list, a file of somebody else's).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionDetails } from '../../../src/core/present/adminDetails.ts';
import type { Row } from '../../../src/core/present/row.ts';
import { overviewRows } from '../../../src/core/present/sideBar.ts';
import { statusBar } from '../../../src/core/present/statusBar.ts';
import { loadProfile } from '../../../src/node/loadProfile.ts';
import { startLoopbackReceiver } from '../../../src/node/loopbackReceiver.ts';
import { openVendorCompany, type VendorCompany } from '../vendors/vendorCompany.ts';

const never = new AbortController().signal;

/** What a script prints in which VS Code is the stub beside this file. */
const withStub = (script: string, environment: Record<string, string> = {}): unknown =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', './test/contract/closed/asVscode.mjs'],
        ...['--input-type=module', '-e', script],
      ],
      { encoding: 'utf8', env: { ...process.env, ...environment } },
    ),
  );

describe("attacks on the person's own computer", function () {
  this.timeout(40_000);
  const open: VendorCompany[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });
  const company = async (setup: Parameters<typeof openVendorCompany>[0]) => {
    const one = await openVendorCompany(setup);
    open.push(one);
    return one;
  };

  it('T13 a repository that sets every key changes nothing, whether the person has set one or not', () => {
    const script = `
      const { readSettings } = await import('./src/vscode/settings.ts');
      console.log(JSON.stringify(readSettings()));`;
    assert.deepEqual(withStub(script), {});
    const own = { globalValue: 7 };
    assert.deepEqual(withStub(script, { OWN_SETTING: JSON.stringify(own) }), {
      profile: 7,
      checkIntervalMinutes: 7,
    });
  });

  it('T14 nothing a party says or is called becomes a link, a colour, a direction or a flood', async () => {
    const escape = '\u001b[31m';
    const turn = '\u202e';
    const evil = `[x](command:workbench.action.terminal.new) <img src=x> ${escape}${turn}\u200b$(alert)`;
    const at = await company({
      identityProvider: {
        notGranted: { error: 'access_denied', description: `${evil}${'long '.repeat(5_000)}` },
      },
    });
    const profile = structuredClone(at.sandbox.line.profile) as unknown as {
      organization: string;
      servers: { id: string; label: string }[];
    };
    profile.organization = evil;
    profile.servers = profile.servers.map((one) => ({ ...one, label: `${evil} ${one.id}` }));
    const alice = await at.employee('alice');
    await alice.connections.load(async () => {
      const { readProfile } = await import('../../../src/core/profile/profile.ts');
      return readProfile(profile, 'managed');
    });
    await at.sandbox.admin.remove('alice', 'docs');
    await alice.signIn();
    await alice.until(() => alice.state('docs')?.kind === 'notGranted');
    const overview = alice.connections.overview();
    const now = { nowMs: Date.now(), timeZone: 'UTC' };
    const rows: Row[] = [];
    const visit = (one: Row) => {
      rows.push(one);
      one.children.forEach(visit);
    };
    overviewRows(overview, now).forEach(visit);
    assert.ok(rows.length > 5);
    const details = connectionDetails(overview, 'docs', {
      ...{ extensionVersion: '1', vscodeVersion: '1', nowMs: now.nowMs },
    });
    const plain = [
      ...rows.flatMap(({ label, description, tooltip }) => [label, description, ...tooltip]),
      ...(Object.values(statusBar(overview, now)) as unknown[]),
      details,
    ].filter((text) => typeof text === 'string');
    for (const text of plain) {
      assert.ok(!text.includes(escape) && !text.includes(turn) && !text.includes('\u200b'), text);
      assert.ok(text.length < 4_000);
      assert.ok(!text.includes('long long'), text);
    }
    const markdown = rows.flatMap(({ tooltip }) => tooltip);
    assert.ok(markdown.some((text) => text.includes('command')));
    for (const text of markdown)
      assert.doesNotMatch(text, /(?<!\\)\]\(command|<img|(?<!\\)\$\(alert/);
  });

  it('T16 whoever calls back with another state, path, name or method is not heard, nor anyone twice', async () => {
    const receiver = await startLoopbackReceiver({ organization: 'Acme', timeoutMs: 5_000 });
    const { origin, port } = new URL(receiver.redirectUri);
    const ask = (path: string, { method = 'GET', host = `127.0.0.1:${port}` } = {}) =>
      new Promise<number>((resolve, reject) => {
        request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    const answered = receiver.wait('right', never);
    const good = '/callback?code=good&state=right';
    const attacks = [
      ask('/callback?code=evil&state=guess'),
      ask('/callback?code=evil'),
      ask('/callback?code=evil&state='),
      ask('/callback?error=access_denied&state=wrong'),
      ask('/other?code=evil&state=right'),
      ask(good, { method: 'POST' }),
      ask(good, { host: `evil.example:${port}` }),
      ask(good, { host: `localhost:${port}` }),
      ...Array.from({ length: 200 }, (_, n) => ask(`/callback?code=evil&state=right${n}`)),
    ];
    for (const status of await Promise.all(attacks)) assert.equal(status, 404);
    assert.equal(await ask(good), 200);
    assert.equal((await answered).searchParams.get('code'), 'good');
    assert.equal(await ask('/callback?code=evil&state=right'), 404);
    receiver.dispose();
    await assert.rejects(fetch(`${origin}${good}`));
  });

  it('T16 the URI handler of VS Code takes one state once, and nothing after its time', () => {
    const script = `
      const { handlers, Uri } = await import('vscode');
      const { registerUriRedirect } = await import('./src/vscode/uriRedirect.ts');
      const late = [];
      const clock = { schedule: (ms, task) => { late.push({ ms, task }); return { dispose: () => undefined }; } };
      const redirect = registerUriRedirect({ extensionId: 'a.b', clock, timeoutMs: 600000 });
      const receiver = await redirect.start();
      const never = new AbortController().signal;
      const said = [];
      const wait = (state) => receiver.wait(state, never).then((url) => said.push(url.searchParams.get('code')), ({ code }) => said.push(code));
      const call = async (rest) => { handlers[0].handleUri(Uri.parse('vscode://a.b' + rest)); await new Promise(setImmediate); };
      const first = wait('right');
      for (const rest of ['/callback?code=evil&state=guess', '/callback?code=evil', '/other?code=evil&state=right',
        '/callback?code=evil&state=guess&state=right', '/callback?code=evil&state=right&state=right']) await call(rest);
      said.push('waiting');
      await call('/callback?code=good&state=right');
      await call('/callback?code=evil&state=right');
      await first;
      const second = wait('second');
      late.at(-1).task();
      await second;
      await call('/callback?code=evil&state=second');
      console.log(JSON.stringify({ said, ms: late.map(({ ms }) => ms) }));`;
    assert.deepEqual(withStub(script), {
      said: ['waiting', 'good', 'user.timedOut'],
      ms: [600_000, 600_000],
    });
  });

  it('T19 no older list, none of another key, and none with an old number lifts a stop', async () => {
    const at = await company({ emergencyStop: true });
    const alice = await at.settled('alice', { only: ['docs', 'tickets'] });
    assert.equal(alice.state('docs')?.kind, 'connected');
    await at.sandbox.admin.stop({ servers: ['docs'] });
    await alice.connections.checkNow();
    await alice.until(() => alice.state('docs')?.kind === 'stopped');
    for (const serving of [
      'rolledBack',
      'sameSequence',
      'wrongSignature',
      'unknownKey',
      'embeddedKey',
      'unsigned',
      'expired',
    ] as const) {
      await at.sandbox.admin.serveStop(serving, { servers: [] });
      await alice.connections.checkNow();
      assert.equal(alice.state('docs')?.kind, 'stopped', serving);
      assert.equal(alice.state('tickets')?.kind, 'connected', serving);
      await at.sandbox.admin.serveStop(serving, { all: true });
      await alice.connections.checkNow();
      assert.equal(alice.state('tickets')?.kind, 'connected', serving);
    }
  });

  const root = process.getuid?.() === 0;
  it(`T19 a profile file of the person's own, or behind a link, is refused and nothing takes its place${root ? '' : ' (needs root: skipped)'}`, async function () {
    if (!root) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'managed-file-'));
    const path = join(folder, 'profile.json');
    const options = { path, trustedUids: [0], platform: process.platform };
    const profile = (organization: string) =>
      JSON.stringify({ organization, identityProviders: [], servers: [] });
    const settings = { organization: 'Settings', identityProviders: [], servers: [] };
    try {
      writeFileSync(path, profile('Acme'), { mode: 0o644 });
      assert.equal((await loadProfile(options, settings)).profile?.organization, 'Acme');
      const spoil: Record<string, () => void> = {
        owner: () => {
          chownSync(path, 65_534, 65_534);
        },
        mode: () => {
          chownSync(path, 0, 0);
          chmodSync(path, 0o666);
        },
        link: () => {
          rmSync(path);
          writeFileSync(`${path}.evil`, profile('Evil'), { mode: 0o644 });
          symlinkSync(`${path}.evil`, path);
        },
      };
      for (const [name, act] of Object.entries(spoil)) {
        act();
        const { profile: read, problems } = await loadProfile(options, settings);
        assert.deepEqual([read, problems[0]?.code], [undefined, 'profile.untrusted'], name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
