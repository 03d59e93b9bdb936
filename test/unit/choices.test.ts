// What is remembered over reloads, in a store that others write to as well.
import assert from 'node:assert/strict';
import { createChoices } from '../../src/core/choices.ts';
import { serverEntry } from '../support/entries.ts';

describe('what is remembered of a server', () => {
  const place = { identityProvider: 'acme', accountId: 'sub-alice', serverId: 'tickets' };
  const fails = (error: unknown) => {
    throw error;
  };
  const storeOf = (values = new Map<string, unknown>()) => ({
    values,
    get: (key: string) => values.get(key),
    set: (key: string, value: unknown) => {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      return Promise.resolve();
    },
  });

  it('a grant is known after a reload, and also when the store takes back for a moment what it had', () => {
    const store = storeOf();
    const before = new Map(store.values);
    const past = createChoices(store, fails).past(() => place, serverEntry());
    assert.equal(past.hadAccess(), false);
    past.accessGranted();
    const reloaded = createChoices(storeOf(new Map(store.values)), fails);
    assert.equal(reloaded.past(() => place, serverEntry()).hadAccess(), true);
    store.values.clear();
    for (const [key, value] of before) store.values.set(key, value);
    assert.equal(past.hadAccess(), true);
    past.accessGranted();
    assert.ok(store.values.has('granted'), 'written again with the next grant');
  });

  it('a grant of another account, or of something else, is none; nor one that was forgotten', async () => {
    const choices = createChoices(storeOf(), fails);
    const at = { ...place };
    const past = choices.past(() => at, serverEntry());
    past.accessGranted();
    const elsewhere = choices.past(() => at, serverEntry({ url: 'https://other.example/mcp' }));
    assert.equal(elsewhere.hadAccess(), false);
    at.accountId = 'sub-bob';
    assert.equal(past.hadAccess(), false);
    at.accountId = place.accountId;
    assert.equal(past.hadAccess(), true);
    await choices.forget();
    assert.equal(past.hadAccess(), false);
  });
});
