import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { request } from 'node:http';
import { startLoopbackReceiver } from '../../src/node/loopbackReceiver.ts';

const never = new AbortController().signal;
const start = (timeoutMs = 5_000) => startLoopbackReceiver({ organization: 'A & <b>', timeoutMs });

function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; text: string; headers: object }>((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('the loopback redirect', () => {
  it('listens on 127.0.0.1 and hands over the answer with our state', async () => {
    const receiver = await start();
    assert.match(receiver.redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const wait = receiver.wait('s1', never);
    const page = await ask(`${receiver.redirectUri}?code=c1&state=s1&iss=https%3A%2F%2Fidp`);
    assert.equal((await wait).searchParams.get('code'), 'c1');
    assert.equal(page.status, 200);
    assert.match(page.text, /You are signed in/);
    assert.match(page.text, /A &amp; &lt;b&gt;/);
    assert.doesNotMatch(page.text, /c1|s1|<script/);
    receiver.dispose();
  });

  it('says so when the provider refused', async () => {
    const receiver = await start();
    const wait = receiver.wait('s1', never);
    const page = await ask(`${receiver.redirectUri}?error=access_denied&state=s1`);
    assert.match(page.text, /You are not signed in/);
    assert.equal((await wait).searchParams.get('error'), 'access_denied');
    receiver.dispose();
  });

  it('ignores everything else and goes on waiting', async () => {
    const receiver = await start();
    const wait = receiver.wait('s1', never);
    const { origin, host } = new URL(receiver.redirectUri);
    const others = await Promise.all([
      ask(`${receiver.redirectUri}?code=evil&state=other`),
      ask(`${receiver.redirectUri}?code=evil`),
      ask(`${origin}/?code=evil&state=s1`),
      ask(`${receiver.redirectUri}?code=evil&state=s1`, {}, 'POST'),
      ask(`${receiver.redirectUri}?code=evil&state=s1`, { host: 'evil.example' }),
      ask(`${receiver.redirectUri}?code=evil&state=s1`, {
        host: host.replace('127.0.0.1', 'localhost'),
      }),
    ]);
    assert.deepEqual(
      others.map(({ status }) => status),
      [404, 404, 404, 404, 404, 404],
    );
    await ask(`${receiver.redirectUri}?code=good&state=s1`);
    assert.equal((await wait).searchParams.get('code'), 'good');
    receiver.dispose();
  });

  it('takes one answer once', async () => {
    const receiver = await start();
    const wait = receiver.wait('s1', never);
    await ask(`${receiver.redirectUri}?code=good&state=s1`);
    assert.equal((await ask(`${receiver.redirectUri}?code=again&state=s1`)).status, 404);
    assert.equal((await wait).searchParams.get('code'), 'good');
    receiver.dispose();
  });

  it('can be cancelled, and ends by itself', async () => {
    const receiver = await start(20);
    const cancel = new AbortController();
    const cancelled = receiver.wait('s1', cancel.signal);
    cancel.abort();
    await assert.rejects(cancelled, { code: 'user.cancelled' });
    await assert.rejects(receiver.wait('s2', AbortSignal.abort()), { code: 'user.cancelled' });
    await assert.rejects(receiver.wait('s3', never), { code: 'user.timedOut' });
    receiver.dispose();
  });

  it('ends a wait when it is disposed, and leaves nothing behind', async () => {
    const receiver = await start(60_000);
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    const wait = receiver.wait('s1', signal);
    receiver.dispose();
    await assert.rejects(wait, { code: 'user.cancelled' });
    assert.deepEqual([timers() - before, getEventListeners(signal, 'abort').length], [0, 0]);
    await assert.rejects(receiver.wait('s2', signal), { code: 'user.cancelled' });
  });

  it('listens no longer once disposed', async () => {
    const receiver = await start();
    receiver.dispose();
    await assert.rejects(ask(receiver.redirectUri));
  });
});
