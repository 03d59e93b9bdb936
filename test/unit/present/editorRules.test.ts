import assert from 'node:assert/strict';
import type { Block } from '../../../src/core/harness/serverLists.ts';
import { connectionRow } from '../../../src/core/present/connectionRow.ts';
import type { EditorRules } from '../../../src/core/present/editorRules.ts';
import { overviewRows } from '../../../src/core/present/sideBar.ts';
import type { Row } from '../../../src/core/present/row.ts';
import { connected, connection, nowMs, overview } from '../../support/acmeOverview.ts';

const rowOf = (block: Block | undefined, state: Parameters<typeof connection>[0] = connected) =>
  connectionRow(connection(state), { nowMs, organization: 'Acme', blockOf: () => block });

describe('a server that VS Code does not use', () => {
  const words: readonly [Block, string, RegExp][] = [
    ['notAllowed', "Blocked by Acme's allow-list in VS Code", /Copy Allow.{1,2}List Entry/],
    ['denied', "Blocked by Acme's deny-list in VS Code", /administrator at Acme/],
    ['off', 'MCP servers are turned off in VS Code', /uses no MCP servers/],
  ];
  for (const [block, description, advice] of words) {
    it(`says so in its row: ${block}`, () => {
      const row = rowOf(block);
      assert.deepEqual([row.description, row.icon], [description, 'circle-slash']);
      assert.match(row.tooltip.join(), advice);
      const canCopy = row.contextValue.split(' ').includes('canCopyAllowListEntry');
      assert.equal(canCopy, block === 'notAllowed', 'the entry helps there, and only there');
    });
  }

  it('says what keeps it from being connected first', () => {
    const row = rowOf('notAllowed', { kind: 'turnedOff' });
    assert.equal(row.description, 'Turned off by you');
    assert.doesNotMatch(row.contextValue, /canCopyAllowListEntry/);
  });

  it('is told from one that nothing keeps', () => {
    assert.match(rowOf(undefined).description, /^Connected · \d+ tools/);
  });
});

describe('sessions of the agent host', () => {
  const rules: EditorRules = { blockOf: () => undefined, usesAgentHost: true };
  const rowsOf = (given: Parameters<typeof overview>[0], usesAgentHost = true): readonly Row[] =>
    overviewRows(
      overview({ connections: [connection(connected)], ...given }),
      { nowMs },
      { ...rules, usesAgentHost },
    );
  const line = (rows: readonly Row[]) =>
    rows[0]?.children.find(({ label }) => label === 'Not for agent-host sessions');

  it('are named in one line where they get none of the servers', () => {
    const row = line(rowsOf({ managed: true }));
    assert.equal(row?.description, 'Acme has not allowed it');
    assert.match(
      row.tooltip.join(),
      /An administrator at Acme can allow it: `harnesses.agentHost`/,
    );
  });

  it('are the person’s own to allow where no administrator has set things up', () => {
    const row = line(rowsOf({ managed: false }));
    assert.equal(row?.description, 'not allowed in your settings');
    assert.match(row.tooltip.join(), /You can allow it/);
  });

  it('are not named where they are allowed, or not used', () => {
    const harnesses = { agentHost: true, otherClients: false };
    assert.equal(line(rowsOf({ harnesses })), undefined);
    assert.equal(line(rowsOf({}, false)), undefined);
    assert.equal(line(rowsOf({ connections: [] })), undefined);
  });
});
