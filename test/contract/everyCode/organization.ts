// What the organization makes known to everybody at once, genuine and not.
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Employee } from '../../support/employee.ts';
import { toldFrom, toldOf, type Provocation, type Told } from './scene.ts';

export const organization = {
  'organization.stopped': async ({ signedIn }) => {
    const { at, alice } = await signedIn({ makesKnown: true });
    await at.sandbox.admin.stop({ servers: ['notes'] });
    await alice.connections.checkNow();
    return toldOf(alice, alice.connections.connection('notes')?.gate, 'Notes');
  },

  'organization.stopListInvalid': async ({ signedIn }) => {
    const { at, alice } = await signedIn({ makesKnown: true });
    await at.sandbox.admin.serveStop('wrongSignature', { all: true });
    await alice.connections.checkNow();
    return problemOf(alice, 'organization.stopListInvalid');
  },

  'organization.signalsInvalid': async ({ signedIn }) => {
    const { at, alice } = await signedIn({ makesKnown: true });
    const order = { kind: 'sessionRevoked', forgery: 'unknownKey', person: 'alice' } as const;
    await at.sandbox.admin.signal(order);
    await alice.connections.checkNow();
    return problemOf(alice, 'organization.signalsInvalid');
  },
} satisfies Readonly<Record<string, Provocation>>;

/** Shown above the servers, which all go on. */
function problemOf(employee: Employee, code: ErrorCode): Told {
  const overview = employee.connections.overview();
  const problem = overview.problems.find((one) => one.code === code);
  assert.ok(problem, JSON.stringify(overview.problems));
  assert.equal(employee.state('notes')?.kind, 'connected');
  return toldFrom(overview, { code, facts: { key: problem.key, reason: problem.reason } });
}
