import assert from 'node:assert/strict';
import { Secret } from '../../src/core/secret.ts';
import { createSignInClient } from '../../src/core/signIn/signIn.ts';
import { FakeClock, settle } from '../support/fakeClock.ts';

const issuer = 'https://idp.example';
const account = (id: string) => ({ id, label: id });

describe('a refresh', () => {
  it('tells each account of its own new refresh token, also when two run at once', async () => {
    const waiting: { sent: string; answer: (response: Response) => void }[] = [];
    const client = createSignInClient({
      metadata: { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` },
      registration: { clientId: 'vscode', method: 'none' },
      scopes: ['openid'],
      pkceUnadvertised: false,
      clock: new FakeClock(),
      fetch: (_url, init) =>
        new Promise((answer) => {
          const body = init?.body as URLSearchParams;
          waiting.push({ sent: body.get('refresh_token') ?? '', answer });
        }),
    });
    const heard: string[] = [];
    const refresh = (name: string) =>
      client.refresh(new Secret(`${name}-0`), account(name), (rotated) => {
        heard.push(`${name} hears ${rotated.reveal()}`);
        return Promise.resolve();
      });
    const both = Promise.all([refresh('alice'), refresh('bob')]);
    for (let turn = 0; turn < 50 && waiting.length < 2; turn++) await settle();
    for (const { sent, answer } of waiting) {
      const body = {
        access_token: 'x',
        token_type: 'Bearer',
        refresh_token: sent.replace('0', '1'),
      };
      answer(Response.json(body));
    }
    await both;
    assert.deepEqual(heard.sort(), ['alice hears alice-1', 'bob hears bob-1']);
  });
});
