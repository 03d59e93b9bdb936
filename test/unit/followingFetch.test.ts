import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { followingFetch } from '../../src/core/http/followingFetch.ts';

const before = { issuer: 'https://idp.example', token_endpoint: 'https://idp.example/old' };
const after = { ...before, token_endpoint: 'https://login.example/new' };

function rig(first: () => Response | Promise<Response>, now: typeof after | 'just known' = after) {
  const asked: string[] = [];
  const fetch = followingFetch(
    (url) => {
      asked.push(url);
      return Promise.resolve().then(() => (url.endsWith('/new') ? new Response('new') : first()));
    },
    before,
    () => Promise.resolve(now === 'just known' ? undefined : now),
  );
  const post = (url = 'https://idp.example/old') => fetch(url, { method: 'POST' });
  return { asked, post };
}
const refused = (facts: object) => () =>
  Promise.reject(new ConnectError('identityProvider.unavailable', facts));

describe('an endpoint that moved', () => {
  for (const [what, first] of [
    ['404', () => new Response('', { status: 404 })],
    ['405', () => new Response('', { status: 405 })],
    ['a page that says 410', refused({ status: 410 })],
    ['nobody at home', refused({ systemCode: 'ECONNREFUSED' })],
  ] as const) {
    it(`is followed once after ${what}`, async () => {
      const { asked, post } = rig(first);
      assert.equal(await (await post()).text(), 'new');
      assert.deepEqual(asked, ['https://idp.example/old', 'https://login.example/new']);
    });
  }

  it('is not looked for after an answer, nor after another kind of trouble', async () => {
    const answer = rig(() => Response.json({ error: 'invalid_grant' }, { status: 400 }));
    assert.equal((await answer.post()).status, 400);
    const down = rig(refused({ status: 503 }));
    await assert.rejects(down.post(), { code: 'identityProvider.unavailable' });
    assert.deepEqual([answer.asked.length, down.asked.length], [1, 1]);
  });

  it('that did not move, or was only just looked up, gives its first answer', async () => {
    for (const now of [before, 'just known' as const]) {
      const { asked, post } = rig(() => new Response('', { status: 404 }), now);
      assert.equal((await post()).status, 404);
      const down = rig(refused({ systemCode: 'ECONNREFUSED' }), now);
      await assert.rejects(down.post(), { facts: { systemCode: 'ECONNREFUSED' } });
      assert.deepEqual([asked.length, down.asked.length], [1, 1]);
    }
  });
});
