// The gateway as it is in a window, in front of one server, with a bridge in front of it.
import { bearerToken } from '../../../src/core/access/accessToken.ts';
import { Secret } from '../../../src/core/secret.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { startBridge, type Bridge } from './bridge.ts';

const serverId = 'tested';

/** @param token what the server wants to see */
export async function startFront(url: string, token: string): Promise<Bridge> {
  const never = new AbortController().signal;
  const access = bearerToken(new Secret(token));
  const upstream = {
    url,
    closed: never,
    accessToken: () => Promise.resolve(access),
    replaceToken: () => Promise.resolve(access),
    widen: () => Promise.resolve(undefined),
    streamOpened: () => ({ dispose: () => undefined }),
    refuse: () => undefined,
    grant: () => undefined,
    tools: () => [],
    called: () => undefined,
    toolsListed: () => undefined,
    toolsChanged: () => undefined,
  };
  const quiet = () => undefined;
  const gateway = new Gateway({
    upstreams: {
      onDidChange: () => ({ dispose: quiet }),
      access: (id) => (id === serverId ? { open: true, upstream } : undefined),
      sentence: (id, { code }) => `${id} says ${code}`,
    },
    fetch: (input, init) => fetch(input, init),
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    platform: process.platform,
    environment: process.env,
    editor: 'Visual Studio Code',
  });
  await gateway.listen();
  const bridge = await startBridge(gateway, serverId);
  return {
    url: bridge.url,
    close: async () => {
      await Promise.all([bridge.close(), gateway.dispose()]);
    },
  };
}
