import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadProfile } from '../../src/node/loadProfile.ts';
import { readManagedProfile } from '../../src/node/managedProfile.ts';
import { managedProfilePath } from '../../src/node/managedProfilePath.ts';
import { windowsWriters, writersInSddl } from '../../src/node/windowsWriters.ts';

const posix = process.platform !== 'win32';
const uid = posix ? process.getuid!() : 0;
const good = {
  organization: 'Acme',
  identityProviders: [],
  servers: [],
};

(posix ? describe : describe.skip)(
  "the administrator's file (POSIX permissions; skipped on Windows, which has none)",
  () => {
    const world = {} as { folder: string; path: string };
    const options = (path = world.path, trustedUids = [uid]) => ({
      path,
      trustedUids,
      platform: process.platform,
    });
    const write = (text: string, mode = 0o644) => {
      writeFileSync(world.path, text);
      chmodSync(world.path, mode);
    };

    beforeEach(() => {
      world.folder = mkdtempSync(join(tmpdir(), 'managed-'));
      world.path = join(world.folder, 'managed.json');
    });
    afterEach(() => {
      rmSync(world.folder, { recursive: true, force: true });
    });

    it('is read when only an administrator could have written it', async () => {
      write(JSON.stringify(good));
      assert.deepEqual(await readManagedProfile(options()), { value: good });
      const { profile, problems } = await loadProfile(options(), undefined);
      assert.deepEqual([profile?.organization, profile?.source, problems], ['Acme', 'managed', []]);
    });

    it('is absent without error', async () => {
      assert.equal(await readManagedProfile(options()), undefined);
      assert.equal(await readManagedProfile(options(join(world.path, 'below', 'it'))), undefined);
    });

    const refusals: [name: string, prepare: () => void, reason: RegExp][] = [
      [
        'writable by the group',
        () => {
          write('{}', 0o664);
        },
        /others can write/,
      ],
      [
        'writable by anyone',
        () => {
          write('{}', 0o646);
        },
        /others can write/,
      ],
      [
        'in a folder others can write to',
        () => {
          write('{}');
          chmodSync(world.folder, 0o777);
        },
        /others can write/,
      ],
      [
        'a link',
        () => {
          writeFileSync(join(world.folder, 'other'), '{}');
          symlinkSync(join(world.folder, 'other'), world.path);
        },
        /is a link/,
      ],
      [
        'a folder',
        () => {
          mkdirSync(world.path);
        },
        /not a regular file/,
      ],
      [
        'a pipe',
        () => {
          execFileSync('mkfifo', [world.path]);
        },
        /not a regular file/,
      ],
    ];
    for (const [name, prepare, reason] of refusals) {
      it(`is refused when it is ${name}, and the setting does not take its place`, async () => {
        prepare();
        await assert.rejects(
          readManagedProfile(options()),
          (error: { code: string; facts: object }) => {
            assert.equal(error.code, 'profile.untrusted');
            assert.match(JSON.stringify(error.facts), reason);
            return true;
          },
        );
        const { profile, problems } = await loadProfile(options(), good);
        assert.equal(profile, undefined);
        assert.equal(problems[0]?.code, 'profile.untrusted');
      });
    }

    it('is refused when it belongs to somebody else', async () => {
      write('{}');
      await assert.rejects(readManagedProfile(options(world.path, [uid + 1])), {
        code: 'profile.untrusted',
      });
    });

    it('is refused below a folder that is a link', async () => {
      write('{}');
      const link = `${world.folder}-link`;
      symlinkSync(world.folder, link);
      try {
        await assert.rejects(readManagedProfile(options(join(link, 'managed.json'))), {
          code: 'profile.untrusted',
        });
      } finally {
        rmSync(link);
      }
    });

    it("is never judged by a program of the person's own", async () => {
      const own = join(world.folder, 'powershell.exe');
      writeFileSync(own, '#!/bin/sh\necho O:SYG:SYD:', { mode: 0o755 });
      const { PATH = '' } = process.env;
      process.env['PATH'] = `${world.folder}:${PATH}`;
      try {
        await assert.rejects(windowsWriters(world.path), { code: 'profile.untrusted' });
      } finally {
        process.env['PATH'] = PATH;
      }
    });

    it('with a second name is still judged by its owner', async () => {
      write('{}');
      linkSync(world.path, join(world.folder, 'second'));
      await readManagedProfile(options());
    });

    it('that is not JSON is named with the place, not with its content', async () => {
      write('{"clientSecret":"canary-77",}');
      const { profile, problems } = await loadProfile(options(), good);
      assert.equal(profile, undefined);
      assert.equal(problems[0]?.code, 'profile.unreadable');
      assert.match(problems[0].reason, /not JSON at position \d+/);
      assert.doesNotMatch(JSON.stringify(problems), /canary/);
    });

    it('that is too large is refused', async () => {
      write(' '.repeat(1_048_577));
      await assert.rejects(readManagedProfile(options()), { code: 'profile.unreadable' });
    });
  },
);

describe("the administrator's file (elsewhere)", () => {
  it('lies where design says', () => {
    assert.equal(managedProfilePath('linux'), '/etc/enterprise-mcp/managed.json');
    assert.equal(
      managedProfilePath('darwin'),
      '/Library/Application Support/enterprise-mcp/managed.json',
    );
    assert.equal(managedProfilePath('win32'), 'C:\\Program Files\\enterprise-mcp\\managed.json');
  });

  it('leaves the setting in force where there is none', async () => {
    const managed = { path: '/nonexistent/x.json', trustedUids: [0], platform: process.platform };
    assert.equal((await loadProfile(managed, good)).profile?.source, 'settings');
    for (const nothing of [undefined, null, {}]) {
      assert.deepEqual(await loadProfile(managed, nothing), { profile: undefined, problems: [] });
    }
  });

  const sddl: [name: string, sddl: string, writers: string[]][] = [
    [
      'Program Files as installed',
      'O:SYG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)(A;ID;0x1200a9;;;AC)',
      [],
    ],
    ['owned by a person', 'O:S-1-5-21-1-2-3-1001G:DUD:(A;;FA;;;SY)', ['S-1-5-21-1-2-3-1001']],
    ['modifiable by users', 'O:BAG:SYD:(A;;FA;;;SY)(A;;0x1301bf;;;BU)', ['BU']],
    ['full access for everyone', 'O:BAG:SYD:(A;;FA;;;WD)', ['WD']],
    ['writable by letters', 'O:BAG:SYD:(A;;CCDCLCSWRP;;;AU)', ['AU']],
    ['readable by letters', 'O:BAG:SYD:(A;;FRFX;;;AU)', []],
    ['inherit-only entries do not count', 'O:BAG:SYD:(A;OICIIO;GA;;;BU)', []],
    ['deny entries do not count', 'O:BAG:SYD:(D;;FA;;;BU)', []],
    ['no owner to be read', 'nonsense', ['unknown']],
  ];
  for (const [name, value, writers] of sddl) {
    it(`reads Windows permissions: ${name}`, () => {
      assert.deepEqual(writersInSddl(value), writers);
    });
  }
});
