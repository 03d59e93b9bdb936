// What the gateway does when the server has something against the token (M10, M11, R6, R7).
import assert from 'node:assert/strict';
import type { AccessToken, TokenRequest } from '../../../src/core/access/accessToken.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import {
  createRig,
  json,
  lastMessage,
  result,
  server,
  tokenCalled,
  toolsCall,
  until,
  type Handle,
  type Rig,
  type Seen,
} from './rig.ts';

const challenge = (error: string, rest = '') => ({
  'www-authenticate': `Bearer realm="x, y", error="${error}"${rest}`,
});
const isToken = (seen: Seen, name: string) => seen.headers.authorization === `Bearer ${name}`;

describe('a token that is not enough', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());

  const called = async () => {
    const { result: given } = await lastMessage(rig.post(toolsCall(1)));
    return given?.['isError'] === true ? (given['content'] as { text: string }[])[0]!.text : 'ok';
  };
  /** Refuses every token but `name`. */
  const only = (name: string, status: number, headers: Record<string, string>) => {
    override['tools/call'] = (seen, response) =>
      isToken(seen, name)
        ? json(response, result(seen, { content: [] }))
        : response.writeHead(status, headers).end();
  };
  const widerIs = (name: string) => {
    rig.access.wider = () => Promise.resolve(tokenCalled(name));
  };

  it('is widened by the scopes the server asks for, and the same bytes are sent once more', async () => {
    only('wide', 403, challenge('insufficient_scope', ', scope="a  b"'));
    widerIs('wide');
    assert.equal(await called(), 'ok');
    assert.deepEqual(rig.access.demands, [['a', 'b']]);
    assert.deepEqual(
      rig.seen.map(({ body }) => body),
      [rig.seen[0]!.body, rig.seen[0]!.body],
    );
    assert.equal(rig.access.replaced, 0);
  });

  it('is widened where the server does not say by what, and in a DPoP challenge, and with 401', async () => {
    const dpop = {
      'www-authenticate': 'Bearer realm="mcp", DPoP algs="ES256", error="insufficient_scope"',
    };
    for (const [status, headers] of [
      [403, challenge('insufficient_scope')],
      [403, dpop],
      [401, dpop],
    ] as const) {
      only('wide', status, headers);
      widerIs('wide');
      assert.equal(await called(), 'ok');
    }
    assert.deepEqual(rig.access.demands, [undefined, undefined, undefined]);
    assert.equal(rig.access.replaced, 0);
  });

  it('is widened once for a request, then the call is refused and the connection stays', async () => {
    only('nothing', 403, challenge('insufficient_scope', ', scope="a"'));
    widerIs('wide');
    assert.equal(await called(), 'tickets says server.insufficientScope');
    assert.equal(rig.seen.length, 2);
    assert.deepEqual(rig.access.refusals, []);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'denied' }]);
  });

  it('refuses the call when the company does not allow more, without asking the server again', async () => {
    only('nothing', 403, challenge('insufficient_scope', ', scope="a"'));
    rig.access.wider = () => Promise.reject(new ConnectError('server.insufficientScope'));
    assert.equal(await called(), 'tickets says server.insufficientScope');
    assert.equal(rig.seen.length, 1);
    assert.deepEqual(rig.access.refusals, []);
  });

  it('is replaced first where the server answers 401, then widened by what it names', async () => {
    only('wide', 401, challenge('invalid_token', ', scope="connect"'));
    widerIs('wide');
    assert.equal(await called(), 'ok');
    assert.deepEqual(
      rig.seen.map(({ headers }) => headers.authorization),
      ['Bearer token-1', 'Bearer token-2', 'Bearer wide'],
    );
    assert.deepEqual(rig.access.demands, [['connect']]);
  });

  it('closes the connection where 401 names only what has been asked for', async () => {
    only('nothing', 401, challenge('invalid_token', ', scope="read"'));
    assert.equal(await called(), 'tickets says server.tokenRefused');
    assert.deepEqual(rig.access.demands, [['read']]);
    assert.deepEqual(
      rig.access.refusals.map(({ code }) => code),
      ['server.tokenRefused'],
    );
  });

  it('of too weak a sign-in closes the connection at once: another of the same would not help', async () => {
    const asks = ', acr_values="phr mfa", max_age="300", authorization_uri="https://x.example"';
    for (const status of [401, 403]) {
      rig.access.open();
      rig.access.refusals.length = 0;
      rig.seen.length = 0;
      only('nothing', status, challenge('insufficient_user_authentication', asks));
      assert.equal(await called(), 'tickets says server.stepUpRequired');
      assert.equal(rig.seen.length, 1);
      const [{ code, facts } = new ConnectError('bug')] = rig.access.refusals;
      assert.equal(code, 'server.stepUpRequired');
      assert.deepEqual([facts.acrValues, facts.maxAgeSec], ['phr mfa', 300]);
    }
    assert.equal(rig.access.replaced, 0);
  });

  it('keeps of a demand only what can be one', async () => {
    const asks = `, acr_values="${'x'.repeat(300)}", max_age="soon"`;
    only('nothing', 401, challenge('insufficient_user_authentication', asks));
    await called();
    const { facts } = rig.access.refusals[0]!;
    assert.deepEqual([facts.acrValues, facts.maxAgeSec], [undefined, undefined]);
  });

  it('is not widened by a 403 without that word, nor for the end of a session', async () => {
    only('nothing', 403, challenge('invalid_request', ', scope="a"'));
    assert.equal(await called(), 'tickets says server.forbidden');
    override['DELETE'] = (_seen, response) =>
      response.writeHead(403, challenge('insufficient_scope', ', scope="a"')).end();
    const session = await rig.begin();
    await rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': session } });
    assert.deepEqual(rig.access.demands, []);
  });
});

/** Proves itself with a number; asks for another proof once per `nonce`. */
function boundToken(requests: TokenRequest[]): AccessToken {
  const known = { nonce: 'none' };
  return {
    secret: new Secret('bound'),
    scheme: 'DPoP',
    authorize: (request) => {
      requests.push(request);
      return Promise.resolve({
        authorization: 'DPoP bound',
        dpop: `proof ${requests.length} ${known.nonce}`,
      });
    },
    asksAgain: ({ status, headers }) => {
      const nonce = headers.get('dpop-nonce');
      if (nonce === null) return false;
      known.nonce = nonce;
      return status === 401;
    },
  };
}

describe('a token bound to a key', () => {
  it('is shown with a proof of its own for each request, POST, GET and DELETE', async () => {
    const requests: TokenRequest[] = [];
    const hold: Handle = (_seen, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': here\n\n');
    };
    const rig = await createRig((seen, response) => server({ GET: hold })(seen, response));
    rig.access.token = boundToken(requests);
    try {
      const session = await rig.begin();
      const listening = await rig.listen(session);
      await listening.until((text) => text.includes(':'));
      await (await rig.post(toolsCall(1), session)).text();
      await rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': session } });
      listening.destroy();
      await until(() => rig.seen.some(({ method }) => method === 'DELETE'));
      const proofs = rig.seen.map(({ headers }) => headers['dpop']);
      assert.equal(new Set(proofs).size, rig.seen.length);
      assert.deepEqual([...new Set(rig.seen.map(({ method }) => method))].sort(), [
        'DELETE',
        'GET',
        'POST',
      ]);
      for (const { headers } of rig.seen) assert.equal(headers.authorization, 'DPoP bound');
      for (const { method, url, body } of requests) {
        assert.equal(url, rig.url);
        assert.equal(body !== undefined, method === 'POST');
      }
    } finally {
      await rig.dispose();
    }
  });

  it('proves itself once more, with the same body, where the server asks for a nonce', async () => {
    const requests: TokenRequest[] = [];
    const wantsNonce: Handle = (seen, response) =>
      String(seen.headers['dpop']).endsWith(' n1')
        ? json(response, result(seen, { content: [] }))
        : response
            .writeHead(401, {
              'www-authenticate': 'DPoP error="use_dpop_nonce"',
              'dpop-nonce': 'n1',
            })
            .end();
    const rig = await createRig((seen, response) =>
      server({ 'tools/call': wantsNonce })(seen, response),
    );
    rig.access.token = boundToken(requests);
    try {
      const answer = await lastMessage(rig.post(toolsCall(1)));
      assert.deepEqual(answer.result, { content: [] });
      assert.equal(rig.seen.length, 2);
      assert.equal(rig.seen[0]!.body, rig.seen[1]!.body);
      assert.equal(rig.access.replaced, 0);
    } finally {
      await rig.dispose();
    }
  });
});
