// Scopes of one connection: what is asked for first, what a server's challenge adds, what a "no" leaves.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { WantedScopes } from '../../src/core/connection/wantedScopes.ts';
import { serverEntry } from '../support/entries.ts';
import { harness, never } from './connectionRig.ts';

const scopesOf = ({ connection }: ReturnType<typeof harness>) => {
  const { state } = connection;
  assert.ok(state.kind === 'connected');
  return [state.scopes.join(' '), state.reducedBy.join(' ')];
};
const insufficient = { code: 'server.insufficientScope' };

/** An open connection, the token in hand, and a way to ask for more. */
async function opened(options: Parameters<typeof harness>[0] = {}) {
  const h = harness(options);
  await h.connection.connect();
  const token = () => h.connection.accessToken(never);
  const first = await token();
  const widen = async (scopes?: string[], refused = first) =>
    (await h.connection.widen(scopes, refused, never))?.secret.reveal();
  return { ...h, token, first, widen };
}

describe('the scopes of a connection', () => {
  it('are those for reading at first, and those for writing too where the profile says so', async () => {
    const reading = await opened();
    assert.deepEqual(reading.world.asked, ['read write']);
    const writing = await opened({ server: { writeAtOnce: true } });
    assert.deepEqual(writing.world.asked, ['read write admin']);
  });

  it('grow by what a server asks for, both legs with all of it, and stay so', async () => {
    const h = await opened();
    assert.equal(await h.widen(['extra']), 't2');
    assert.deepEqual(h.world.asked, ['read write', 'read write extra']);
    assert.deepEqual(scopesOf(h), ['read write extra', '']);
    await h.connection.check();
    assert.equal(h.world.asked.at(-1), 'read write extra');
    assert.equal((await h.token()).secret.reveal(), 't3');
  });

  it('grow by those for writing where a server does not say what it wants', async () => {
    const h = await opened();
    assert.equal(await h.widen(), 't2');
    assert.equal(h.world.asked.at(-1), 'read write admin');
    const none = await opened({ server: { writeScopes: [] } });
    assert.equal(await none.widen(), undefined);
    assert.equal(none.world.asked.length, 1);
  });

  it('grow once for ten calls at once', async () => {
    const h = await opened();
    const all = await Promise.all(Array.from({ length: 10 }, () => h.widen(['extra'])));
    assert.deepEqual([...new Set(all)], ['t2']);
    assert.equal(h.world.minted, 2);
  });

  it('grow one after the other for calls that need different ones', async () => {
    const h = await opened();
    assert.deepEqual(await Promise.all([h.widen(['a']), h.widen(['b'])]), ['t2', 't3']);
    assert.deepEqual(h.world.asked.slice(1), ['read write a', 'read write a b']);
    assert.deepEqual(scopesOf(h), ['read write a b', '']);
  });

  it('a refusal leaves everything as it was, and is not asked for again', async () => {
    const h = await opened();
    const before = h.connection.snapshot();
    h.world.withheld = ['extra'];
    h.world.facts = { oauthError: 'invalid_scope', requestId: 'r-1' };
    await assert.rejects(h.widen(['extra']), {
      ...insufficient,
      facts: { oauthError: 'invalid_scope', requestId: 'r-1', scopes: 'extra' },
    });
    assert.equal(h.connection.snapshot(), before);
    assert.equal((await h.token()).secret.reveal(), 't1');
    for (let call = 0; call < 5; call++) await assert.rejects(h.widen(['extra']), insufficient);
    assert.equal(h.world.asked.length, 2);
    h.world.withheld = [];
    await h.connection.check();
    assert.equal(h.world.asked.at(-1), 'read write');
    await h.connection.connect();
    assert.equal(await h.widen(['extra'], await h.token()), 't4');
  });

  it('what the company leaves out without a word is not asked for again', async () => {
    const h = await opened();
    h.world.withheld = ['extra'];
    h.world.narrow = true;
    assert.equal(await h.widen(['extra']), 't2');
    assert.deepEqual(scopesOf(h), ['read write', '']);
    await assert.rejects(h.widen(['extra'], await h.token()), insufficient);
    assert.equal(h.world.asked.length, 2);
  });

  it('what was asked for at once and not granted is not asked for again', async () => {
    const h = await opened({ scopes: ['read'] });
    assert.equal(await h.widen(['write']), undefined);
    assert.equal(h.world.asked.length, 1);
  });

  it('grow three times at most, however much a server asks for', async () => {
    const h = await opened();
    let token = h.first;
    for (const scope of ['a', 'b', 'c']) {
      token = (await h.connection.widen([scope], token, never))!;
    }
    await assert.rejects(h.widen(['d'], token), insufficient);
    assert.equal(h.world.asked.length, 4);
  });

  it('an outage is no refusal: the same may be asked for later', async () => {
    const h = await opened();
    h.world.mint = 'identityProvider.unavailable';
    for (let call = 0; call < 4; call++) {
      await assert.rejects(h.widen(['extra']), { code: 'identityProvider.unavailable' });
    }
    assert.deepEqual(scopesOf(h), ['read write', '']);
    h.world.mint = undefined;
    assert.equal(await h.widen(['extra']), 't2');
  });

  it('a stronger sign-in that only a call needs is told, and closes nothing', async () => {
    const h = await opened();
    h.world.mint = 'exchange.stepUpRequired';
    h.world.facts = { acrValues: 'phr' };
    await assert.rejects(h.widen(['extra']), { code: 'exchange.stepUpRequired' });
    const { state, failure } = h.connection.snapshot();
    assert.equal(state.kind, 'connected');
    assert.deepEqual(
      [failure?.code, failure?.facts],
      ['exchange.stepUpRequired', { acrValues: 'phr' }],
    );
  });

  it('taken back later are shown as reduced, and what the profile asks for goes on', async () => {
    const h = await opened();
    await h.widen(['extra']);
    h.world.withheld = ['extra'];
    await h.connection.check();
    assert.deepEqual(h.world.asked.slice(2), ['read write extra', 'read write']);
    assert.deepEqual(scopesOf(h), ['read write', 'extra']);
    await h.connection.check();
    assert.deepEqual(h.world.asked.slice(4), ['read write']);
    assert.deepEqual(scopesOf(h), ['read write', 'extra']);
    h.world.withheld = ['read'];
    await h.connection.check();
    assert.equal(h.connection.state.kind, 'accessRemoved');
  });

  it('narrowed later without a word are shown as reduced', async () => {
    const h = await opened();
    await h.widen(['extra']);
    h.world.withheld = ['extra'];
    h.world.narrow = true;
    await h.connection.check();
    assert.deepEqual(scopesOf(h), ['read write', 'extra']);
    assert.equal(h.world.asked.length, 3);
  });

  it('grow before the first tools where a server wants more even for that', async () => {
    const h = harness();
    h.world.needs = { scopes: 'connect' };
    await h.connection.connect();
    assert.deepEqual(h.world.asked, ['read write', 'read write connect']);
    assert.deepEqual(h.world.proven, ['t2']);
    assert.deepEqual(scopesOf(h), ['read write connect', '']);
    const refused = harness();
    refused.world.needs = { scopes: 'connect' };
    refused.world.withheld = ['connect'];
    await refused.connection.connect();
    assert.deepEqual(refused.connection.state, {
      kind: 'refusedByServer',
      code: 'server.insufficientScope',
    });
    const endless = harness();
    endless.world.needs = {};
    endless.world.probe = 'server.insufficientScope';
    await endless.connection.connect();
    assert.deepEqual(endless.world.asked, ['read write', 'read write admin']);
    assert.equal(endless.connection.state.kind, 'refusedByServer');
  });

  it('are nothing to a connection that has closed', async () => {
    const h = await opened();
    const asking = h.widen(['extra']);
    await h.connection.close({ type: 'turnedOff' });
    await assert.rejects(asking, { code: 'user.turnedOff' });
    await assert.rejects(h.widen(['extra']), { code: 'user.turnedOff' });
    assert.equal(h.broker.held('tickets'), undefined);
  });
});

describe('what a server may make us ask for', () => {
  const wanted = () => new WantedScopes(serverEntry({ scopes: ['read'], writeScopes: ['write'] }));

  it('is never a session of its own, nor what is no scope', () => {
    const challenged = ['offline_access', 'ok', 'a"b', 'a\\b', 'é', 'x'.repeat(129), 'line\nbreak'];
    assert.deepEqual(wanted().needed(challenged), ['ok']);
  });

  it('is 64 scopes at most', () => {
    const many = Array.from({ length: 500 }, (_, at) => `s${at}`);
    const scopes = wanted();
    assert.equal(scopes.needed(many).length, 64);
    assert.throws(
      () => scopes.widened(scopes.needed(many)),
      (error) =>
        ConnectError.is(error, 'server.insufficientScope') && error.facts.scopes!.length <= 200,
    );
    assert.equal(scopes.widened(scopes.needed(many.slice(0, 63))).length, 64);
  });

  it('is not asked for twice in another order', () => {
    const scopes = wanted();
    const union = scopes.widened(['a', 'b']);
    scopes.answered(union, []);
    assert.throws(() => scopes.widened(['b', 'a']), insufficient);
    assert.deepEqual(scopes.current, ['read']);
  });
});

describe('a confirmation in the browser', () => {
  const waiting = async () => {
    const h = harness();
    h.world.page = 'https://auth.example/confirm';
    await h.connection.connect();
    assert.deepEqual(h.connection.state, {
      kind: 'needsSignIn',
      code: 'redemption.interactionRequired',
    });
    return h;
  };

  it('is opened on the click only, and told while it lasts', async () => {
    const h = await waiting();
    const opened: string[] = [];
    await h.connection.continueInBrowser((url) => {
      opened.push(url);
      return Promise.resolve(true);
    });
    assert.deepEqual(opened, ['https://auth.example/confirm']);
    assert.deepEqual(h.world.interactions, [false, true]);
    assert.deepEqual(h.seen.slice(-3), ['connecting:interaction', 'connecting:probe', 'connected']);
  });

  it('can be tried again when it is left', async () => {
    const h = await waiting();
    await h.connection.continueInBrowser(() => Promise.resolve(false));
    assert.deepEqual(h.connection.state, {
      kind: 'needsSignIn',
      code: 'redemption.interactionRequired',
    });
  });

  it('is nothing to a connection that waits for none', async () => {
    const h = harness();
    await h.connection.connect();
    await h.connection.continueInBrowser(() => Promise.reject(new Error('opened')));
    assert.equal(h.world.minted, 1);
    assert.equal(h.connection.state.kind, 'connected');
  });
});

describe('what a server speaks', () => {
  it('is remembered for the next time', async () => {
    const h = harness();
    await h.connection.connect();
    await h.connection.connect();
    assert.deepEqual(h.world.versions, [undefined, '2025-06-18']);
  });
});
