// When a grant counts as one for reading only: where the company was asked for more and left it out.
import assert from 'node:assert/strict';
import type { Connections } from '../../../src/core/connections.ts';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { isReadOnly } from '../../../src/gateway/readOnlyGrant.ts';

interface Given {
  readonly kind?: 'standby';
  readonly scopes: readonly string[];
  readonly missing: readonly string[];
  readonly hides?: boolean;
}

describe('a grant is for reading only', () => {
  const cases: [why: string, expected: boolean, given: Given][] = [
    ['where what the profile calls writing was left out', true, { scopes: ['a'], missing: ['w'] }],
    ['not while nobody has asked for more', false, { scopes: ['a.read'], missing: [] }],
    ['not where some of the writing is granted', false, { scopes: ['a', 'w'], missing: ['w2'] }],
    ['where all that is granted reads like it', true, { scopes: ['a.read'], missing: ['b'] }],
    ['not where something else is missing', false, { scopes: ['a'], missing: ['b'] }],
    ['not while nobody knows', false, { kind: 'standby', scopes: ['a.read'], missing: ['w'] }],
    ['not where the profile says so', false, { scopes: ['a'], missing: ['w'], hides: false }],
  ];
  for (const [why, expected, given] of cases) {
    it(why, () => {
      assert.equal(counts(given), expected);
    });
  }
});

function counts({ kind, scopes, missing, hides = true }: Given): boolean {
  const state = { kind: kind ?? 'connected', scopes, reducedBy: missing };
  const server = {
    ...{ url: 'https://mcp.example/', writeScopes: ['w', 'w2'], hideWriteTools: hides },
  };
  const connection = { gate: new AbortController().signal, server, state };
  const connections = { connection: () => connection } as unknown as Connections;
  const upstreams = connectionUpstreams(connections, () => '');
  const access = upstreams.access('tickets');
  assert.ok(access?.open === true);
  return isReadOnly(access.upstream.grant());
}
