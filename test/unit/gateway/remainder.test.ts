// After its answer a server may end the stream a moment later, or never. The first keeps its connection for the
// next call; the second is cut off.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import {
  createRig,
  eventOf,
  messages,
  result,
  server,
  stream,
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

describe('what is left of an answer', () => {
  let rig: Rig;
  let session: string;
  let connections: number;
  let override: Record<string, Handle>;

  beforeEach(async () => {
    override = {};
    rig = await createRig(server(override));
    session = await rig.begin();
    connections = 0;
    rig.server.on('connection', () => {
      connections += 1;
    });
  });
  afterEach(() => rig.dispose());

  const call = async (id: number) => {
    const answer = await rig.post(toolsCall(id), session);
    return messages(await answer.text());
  };

  /** Answers, then goes on as told. */
  const answering = (goOn: (response: ServerResponse) => void) => {
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.write(eventOf(result(seen, { content: [] })));
      goOn(response);
    };
  };

  it('is awaited where it ends soon: calls share a connection', async () => {
    answering((response) => {
      setTimeout(() => response.end(), 10);
    });
    for (let id = 1; id <= 8; id++) {
      assert.equal((await call(id)).length, 1);
      // For the end to come.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    assert.ok(connections <= 1, `${connections} connections`);
  });

  it('is cut off where nothing more comes, long after the client has its answer', async () => {
    let isCut = false;
    answering((response) => {
      response.on('close', () => {
        isCut = true;
      });
    });
    assert.equal((await call(1)).length, 1);
    assert.equal(isCut, false);
    await until(() => isCut);
  });

  it('is cut off at once where it does not end', async () => {
    const sent = { bytes: 0, isCut: false };
    answering((response) => {
      const go = () => {
        if (sent.isCut) return;
        sent.bytes += 16_384;
        response.write(eventOf({ jsonrpc: '2.0', method: 'x'.repeat(16_384) }), go);
      };
      response.on('close', () => {
        sent.isCut = true;
      });
      go();
    });
    const startedAt = performance.now();
    assert.equal((await call(1)).at(0)?.id, 1);
    await until(() => sent.isCut);
    assert.ok(performance.now() - startedAt < 900, 'only the time has ended it');
  });
});
