import assert from 'node:assert/strict';
import {
  allowListEntry,
  blockOf,
  type ServerLists,
} from '../../../src/core/harness/serverLists.ts';

/** What VS Code answers where no administrator has said anything. */
const open: ServerLists = {
  access: 'all',
  allowed: undefined,
  denied: undefined,
  managedOnly: undefined,
  pluginsOnly: undefined,
};
const server = { label: 'Tickets', address: 'unix:/tmp/emcp-1/s#/mcp/tickets' };

describe("the organization's lists of servers", () => {
  const cases: readonly [string, Partial<ServerLists>, string | undefined][] = [
    ['nothing is said', {}, undefined],
    ['servers of a registry only', { access: 'registry' }, undefined],
    ['no servers at all', { access: 'none' }, 'off'],
    ['plugins only', { pluginsOnly: true }, 'off'],
    ['allowed by name', { allowed: [{ serverName: 'Tickets' }] }, undefined],
    ['another name is allowed', { allowed: [{ serverName: 'tickets' }] }, 'notAllowed'],
    ['an empty list', { allowed: [] }, 'notAllowed'],
    ['allowed by address', { allowed: [{ serverUrl: 'unix:/tmp/*' }] }, undefined],
    ['another address is allowed', { allowed: [{ serverUrl: 'unix:/tmp' }] }, 'notAllowed'],
    ['a star is not the way from the root', { allowed: [{ serverUrl: '*' }] }, 'notAllowed'],
    ['nor does it begin there', { allowed: [{ serverUrl: 'unix:*' }] }, 'notAllowed'],
    ['another form', { allowed: [{ serverUrl: 'unix:///tmp/*' }] }, 'notAllowed'],
    ['two things in one', { allowed: [{ serverName: 'Tickets', serverUrl: '*' }] }, 'notAllowed'],
    ['a dot is a dot', { allowed: [{ serverUrl: 'unix:.tmp.*' }] }, 'notAllowed'],
    ['denied by name', { denied: [{ serverName: 'Tickets' }] }, 'denied'],
    [
      'allowed and denied',
      { allowed: [{ serverName: 'Tickets' }], denied: [{ serverName: 'Tickets' }] },
      'denied',
    ],
    ['managed lists only, and none is there', { managedOnly: true }, 'notAllowed'],
    [
      'managed lists only, and it is in one',
      { managedOnly: true, allowed: [{ serverName: 'Tickets' }] },
      undefined,
    ],
    ['a list of nonsense', { allowed: [null, 7, { serverCommand: ['Tickets'] }] }, 'notAllowed'],
  ];
  for (const [title, lists, expected] of cases) {
    it(`${title}: ${expected ?? 'in nobody’s way'}`, () => {
      assert.equal(blockOf({ ...open, ...lists }, server), expected);
    });
  }

  it('take any port for a star after the colon', () => {
    const tcp = { label: 'Tickets', address: 'http://127.0.0.1:29417/mcp/tickets' };
    const at = (serverUrl: string) => blockOf({ ...open, allowed: [{ serverUrl }] }, tcp);
    const through = ['http://127.0.0.1:*/*', 'HTTP://127.0.0.1:29417/mcp/tickets#x'];
    assert.deepEqual(through.map(at), [undefined, undefined]);
    const not = ['http://*', 'http://127.0.0.*/mcp/docs', 'https://127.0.0.1:*/*', 'http://*/docs'];
    assert.deepEqual(
      not.map(at),
      not.map(() => 'notAllowed'),
    );
  });

  it('let a server through by the entry that is copied for the administrator', () => {
    const label = 'Tickets "EU"';
    const allowed = [JSON.parse(allowListEntry({ label })) as object];
    assert.equal(blockOf({ ...open, allowed }, { label, address: undefined }), undefined);
  });
});
