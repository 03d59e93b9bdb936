import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ids from '../../src/vscode/ids.ts';
import { clientRows } from '../../src/core/present/clientRows.ts';
import { connectionRow } from '../../src/core/present/connectionRow.ts';
import { personRow, problemRow } from '../../src/core/present/sideBar.ts';
import type { ConnectionState } from '../../src/core/connection/state.ts';
import {
  alice,
  connected,
  connection,
  context,
  nowMs,
  overview,
  person,
} from '../support/acmeOverview.ts';

interface MenuItem {
  command: string;
  when?: string;
  group?: string;
}
interface Manifest {
  icon: string;
  activationEvents: string[];
  extensionKind: string[];
  enabledApiProposals?: string[];
  engines: { vscode: string };
  capabilities: {
    untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] };
    virtualWorkspaces: boolean;
  };
  contributes: {
    commands: { command: string; title: string; category: string; icon: string }[];
    viewsContainers: { activitybar: { id: string; icon: string; title: string }[] };
    views: Record<string, { id: string; name: string; icon: string }[]>;
    viewsWelcome: { view: string; when: string; contents: string }[];
    menus: Record<string, MenuItem[]>;
    authentication: { id: string; label: string }[];
    mcpServerDefinitionProviders: { id: string; label: string }[];
    configuration: { properties: Record<string, { scope: string; default: unknown }> };
  };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { contributes } = manifest;
const menuItems = Object.values(contributes.menus).flat();
const sorted = (list: readonly string[]) => [...list].sort();

/** Words that rows really carry. */
function rowWords(): ReadonlySet<string> {
  const states: ConnectionState[] = [
    { kind: 'signedOut' },
    { kind: 'turnedOff' },
    { kind: 'misconfigured', code: 'redemption.clientSecretMissing' },
    { kind: 'misconfigured', code: 'redemption.clientKeyMissing' },
    { kind: 'needsSignIn', code: 'redemption.interactionRequired' },
    connected,
  ];
  const failure = { code: 'identityProvider.clientRefused', facts: {}, atMs: nowMs } as const;
  const problem = { code: 'profile.invalid', key: 'servers', reason: 'is missing' } as const;
  const rows = [
    ...states.map((state) => connectionRow(connection(state), context)),
    connectionRow(connection(connected), { ...context, blockOf: () => 'notAllowed' as const }),
    personRow(person(), overview(), context),
    personRow(
      person({ kind: 'ended', account: alice, atMs: nowMs, detector: 'session' }),
      overview(),
      context,
    ),
    personRow(person({ kind: 'signedOut' }, { failure }), overview(), context),
    problemRow(problem, 0, overview()),
    ...clientRows(
      { list: [{ id: '1', name: 'Codex CLI', createdAtMs: nowMs }], taken: 1 },
      { nowMs },
    ),
  ];
  const children = rows.flatMap((row) => row.children);
  return new Set([...rows, ...children].flatMap(({ contextValue }) => contextValue.split(' ')));
}

describe('the manifest', () => {
  it('has the ids of ids.ts and no others', () => {
    assert.deepEqual(
      sorted(contributes.commands.map(({ command }) => command)),
      sorted(Object.values(ids.commandIds)),
    );
    assert.deepEqual(contributes.authentication, [ids.authenticationProvider]);
    assert.deepEqual(
      contributes.mcpServerDefinitionProviders.map(({ id }) => id),
      [ids.mcpProviderId],
    );
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map(({ id }) => id),
      [ids.viewContainerId],
    );
    assert.deepEqual(
      Object.entries(contributes.views).map(([at, views]) => [at, views.map(({ id }) => id)]),
      [[ids.viewContainerId, Object.values(ids.viewIds)]],
    );
    assert.deepEqual(
      sorted(Object.keys(contributes.configuration.properties)),
      sorted(Object.values(ids.settingKeys).map((key) => `${ids.settingsSection}.${key}`)),
    );
  });

  it('has no id of ours anywhere in the sources but in ids.ts', () => {
    const elsewhere = (readdirSync('src', { recursive: true }) as string[])
      .filter((name) => name.endsWith('.ts') && name !== join('vscode', 'ids.ts'))
      .filter((name) => /'enterpriseMcp\.\w/.test(readFileSync(join('src', name), 'utf8')));
    // The name of the setting stands in the sentence about it.
    assert.deepEqual(elsewhere, ['core/profile/profile.ts']);
  });

  it('asks for no proposed API and is activated by what it contributes', () => {
    assert.equal(manifest.enabledApiProposals, undefined);
    assert.deepEqual(manifest.activationEvents, ['onUri', 'onStartupFinished']);
    assert.deepEqual(manifest.extensionKind, ['ui', 'workspace']);
    assert.equal(manifest.engines.vscode, '^1.105.0');
  });

  it('gives every command a title, a category and an icon, and every label a text', () => {
    for (const { title, category, icon } of contributes.commands) {
      assert.match(title, /^[A-Z].{3,}$/);
      assert.equal(category, 'Enterprise MCP');
      assert.match(icon, /^\$\([a-z-]+\)$/);
    }
    const named = [...contributes.authentication, ...contributes.mcpServerDefinitionProviders];
    for (const { label } of named) assert.equal(label, 'Enterprise MCP');
  });

  it('reads every setting from the person or a policy, never from a workspace', () => {
    for (const [key, { scope }] of Object.entries(contributes.configuration.properties)) {
      assert.equal(scope, 'application', key);
    }
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.deepEqual(
      sorted(untrustedWorkspaces.restrictedConfigurations),
      sorted(Object.keys(contributes.configuration.properties)),
    );
    assert.equal(virtualWorkspaces, true);
  });

  it('uses only context keys, views, row words and commands that exist', () => {
    const known = new Set<string>([...Object.values(ids.contextKeys), 'view', 'viewItem']);
    const conditions = [...menuItems, ...contributes.viewsWelcome].flatMap(
      ({ when }) => when ?? [],
    );
    assert.ok(conditions.length > 20);
    for (const when of conditions) {
      const keys = when
        .split(/&&|\|\|/)
        .map((part) => /^!?([\w.]+)/.exec(part.trim())?.[1] ?? when);
      assert.deepEqual(
        keys.filter((key) => !known.has(key)),
        [],
      );
    }
    const used = conditions.flatMap((when) =>
      [...when.matchAll(/viewItem =~ \/\\b(\w+)\\b\//g)].map(([, word]) => word ?? ''),
    );
    const words = rowWords();
    assert.deepEqual(
      used.filter((word) => !words.has(word)),
      [],
    );
    const unused = [...words].filter((word) => word.startsWith('can') && !used.includes(word));
    assert.deepEqual(unused, []);
    const commands = new Set(contributes.commands.map(({ command }) => command));
    assert.deepEqual(
      menuItems.filter(({ command }) => !commands.has(command)),
      [],
    );
  });

  it('offers every row action by keyboard too: in the palette or the context menu', () => {
    const inline = contributes.menus['view/item/context']!.filter(({ group }) =>
      group?.startsWith('inline'),
    );
    const others = contributes.menus['view/item/context']!.filter(
      ({ group }) => !group?.startsWith('inline'),
    );
    for (const { command, when } of inline) {
      assert.ok(
        others.some((one) => one.command === command && one.when === when),
        command,
      );
    }
  });

  it('shows at most three inline actions on any row', () => {
    const inline = contributes.menus['view/item/context']!.filter(({ group }) =>
      group?.startsWith('inline'),
    );
    const kinds: ConnectionState[] = [
      { kind: 'signedOut' },
      { kind: 'turnedOff' },
      { kind: 'misconfigured', code: 'redemption.clientSecretMissing' },
      { kind: 'misconfigured', code: 'redemption.clientKeyMissing' },
      { kind: 'needsSignIn', code: 'redemption.interactionRequired' },
      connected,
    ];
    for (const state of kinds) {
      const words = connectionRow(connection(state), context).contextValue.split(' ');
      const shown = inline.filter(({ when }) =>
        words.some((word) => when?.includes(`\\b${word}\\b`)),
      );
      assert.ok(shown.length >= 1 && shown.length <= 3, `${state.kind}: ${shown.length}`);
    }
  });

  it('welcomes with a button that exists, in each state without rows', () => {
    assert.deepEqual(
      contributes.viewsWelcome.map(({ when, contents }) => [
        when,
        ...[...contents.matchAll(/\(command:(\S+)\)/g)].map(([, command]) => command),
      ]),
      [
        [
          `${ids.contextKeys.view} == noProfile`,
          ids.commandIds.openProfile,
          ids.commandIds.addIdentityProvider,
        ],
        [`${ids.contextKeys.view} == signedOut`, ids.commandIds.signIn],
        [`${ids.contextKeys.view} == noServers`, ids.commandIds.addServer, ids.commandIds.signIn],
      ],
    );
  });

  it('has its icons: an outline in one colour, and a PNG of at least 128 pixels', () => {
    const outline = readFileSync(contributes.viewsContainers.activitybar[0]!.icon, 'utf8');
    assert.match(outline, /viewBox="0 0 24 24" fill="none" stroke="currentColor"/);
    assert.doesNotMatch(outline, /#[0-9a-f]{3}|<script|href=/i);
    assert.ok(existsSync(manifest.icon));
    const png = readFileSync(manifest.icon);
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
    assert.ok(png.readUInt32BE(16) >= 128 && png.readUInt32BE(20) >= 128);
  });
});
