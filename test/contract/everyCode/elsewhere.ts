// The profile, the person, and this computer.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireOwnProfile } from '../../../src/core/presets/profileEdit.ts';
import { readManagedProfile } from '../../../src/node/managedProfile.ts';
import { rejection, toldFrom, toldOf, type Provocation, type Scene } from './scene.ts';

const uid = process.getuid?.() ?? 0;

export const profile = {
  'profile.missing': async ({ open }) => {
    const alice = await (await open({})).employee('alice');
    return toldOf(alice, await rejection(alice.signIn('another')));
  },

  'profile.invalid': async ({ open }) => {
    const alice = await (await open({})).employee('alice', { servers: { scope: 'notes:read' } });
    const overview = alice.connections.overview();
    const [{ code, ...facts } = { code: 'bug' as const }] = overview.problems;
    return toldFrom(overview, { code, facts });
  },

  'profile.untrusted': (scene) => atFile(scene, { text: '{}', mode: 0o666, trustedUids: [uid] }),

  'profile.unreadable': (scene) =>
    atFile(scene, { text: '{"organ', mode: 0o644, trustedUids: [uid] }),

  'profile.managed': async ({ open }) => {
    const alice = await (await open({})).employee('alice');
    const adding = Promise.resolve(alice.connections.overview()).then(requireOwnProfile);
    return toldOf(alice, await rejection(adding));
  },
} satisfies Readonly<Record<string, Provocation>>;

/** An administrator's file as somebody left it. */
async function atFile(
  { open, onEnd }: Scene,
  { text, mode, trustedUids }: { text: string; mode: number; trustedUids: readonly number[] },
) {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  onEnd(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'enterprise-mcp.json');
  writeFileSync(path, text);
  chmodSync(path, mode);
  const alice = await (await open({})).employee('alice');
  const reading = readManagedProfile({ path, trustedUids, platform: process.platform });
  const told = toldOf(alice, await rejection(reading));
  return { ...told, sentence: told.sentence.replace(folder, 'FOLDER') };
}

export const person = {
  'storage.unavailable': async ({ open }) => {
    const secrets = new Map<string, string>();
    secrets.set = () => {
      throw new Error('the keyring is locked');
    };
    const alice = await (await open({})).employee('alice', {}, { secrets });
    await alice.signIn();
    await alice.until(() => alice.connections.overview().people[0]?.failure !== undefined);
    const overview = alice.connections.overview();
    const { code, facts } = overview.people[0]!.failure!;
    return toldFrom(overview, { code, facts });
  },

  'user.cancelled': async ({ open }) => {
    // Nobody of this name works here: she stays at the sign-in page.
    const alice = await (await open({})).employee('mallory');
    const done = alice.connections.signIn('acme', AbortSignal.timeout(50));
    return toldOf(alice, await rejection(done));
  },

  'user.timedOut': ({ atSignIn }) =>
    atSignIn({}, { circumstances: { person: () => 'mallory', signInMs: 500 } }),

  'user.turnedOff': async ({ signedIn }) => {
    const { alice } = await signedIn({});
    await alice.connections.turnOff('notes');
    return toldOf(alice, gateOf(alice), 'Notes');
  },

  'user.signedOut': async ({ signedIn }) => {
    const { alice } = await signedIn({});
    await alice.connections.signOut('acme');
    return toldOf(alice, gateOf(alice), 'Notes');
  },

  bug: ({ atSignIn }) =>
    atSignIn(
      {},
      {
        circumstances: {
          person: () => {
            throw new RangeError('nobody has thought of this');
          },
        },
      },
    ),
} satisfies Readonly<Record<string, Provocation>>;

const gateOf = ({ connections }: Awaited<ReturnType<Scene['signedIn']>>['alice']) =>
  connections.connection('notes')?.gate;
