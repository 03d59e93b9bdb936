// Forget Everything: nothing of the person is left here, and whoever can be told is told.
import assert from 'node:assert/strict';
import { openVendorCompany, type VendorCompany } from './vendors/vendorCompany.ts';

describe('forget everything', function () {
  this.timeout(30_000);
  const world = {} as { at: VendorCompany };
  afterEach(() => world.at.stop());

  const open = async (revocationEndpoint: boolean) => {
    world.at = await openVendorCompany({
      authorizationServers: [{ id: 'guard', label: 'Guard', revocationEndpoint }],
      servers: [{ id: 'notes', label: 'Notes', authorizationServer: 'guard', scopes: ['notes'] }],
    });
    const secrets = new Map([['clientSecret of a profile long gone', 's3cret']]);
    const preferences = new Map<string, unknown>();
    const alice = await world.at.settled('alice', {}, { secrets, preferences });
    await alice.connections.turnOff('notes');
    await alice.connections.turnOn('notes');
    await alice.until(() => alice.state('notes')?.kind === 'connected');
    return { alice, secrets, preferences };
  };

  it('leaves no secret and no choice, closes all, and gives back what it can', async () => {
    const { alice, secrets, preferences } = await open(true);
    const since = (await world.at.sandbox.admin.state()).ledger.last;
    assert.deepEqual(await alice.connections.forgetEverything(), []);
    assert.deepEqual([...secrets.keys()], []);
    assert.deepEqual(
      [...preferences.values()].filter((value) => value !== undefined),
      [],
    );
    assert.equal(alice.state('notes')?.kind, 'signedOut');
    assert.equal(alice.connections.overview().people[0]?.session.kind, 'signedOut');
    const given = (await world.at.sandbox.admin.ledger(since))
      .filter(({ leg }) => leg === 'revocation')
      .map(({ party, status }) => [party, status]);
    assert.deepEqual(given.sort(), [
      ['authorizationServer', 200],
      ['identityProvider', 200],
    ]);
    const [person] = (await world.at.sandbox.admin.state()).people.filter(
      ({ id }) => id === 'alice',
    );
    assert.equal(person?.accessTokens, 0);
  });

  it('says by name who could not be told', async () => {
    const { alice, secrets } = await open(false);
    assert.deepEqual(await alice.connections.forgetEverything(), ['Notes']);
    assert.equal(secrets.size, 0);
  });

  it('says so too where nobody answers, and forgets all the same', async () => {
    const { alice, secrets } = await open(true);
    const down = { identityProviderDown: true, authorizationServerDown: ['guard'] } as const;
    await world.at.sandbox.admin.faults(down);
    const untold = await alice.connections.forgetEverything();
    assert.deepEqual([...untold].sort(), ['Acme', 'Notes']);
    assert.equal(secrets.size, 0);
  });

  it('is no end: the next sign-in begins anew', async () => {
    const { alice } = await open(true);
    await alice.connections.forgetEverything();
    await alice.signIn();
    await alice.until(() => alice.state('notes')?.kind === 'connected');
  });
});
