// A process with a gateway and nothing else in it, so that its memory is the gateway's. Tells where it
// listens, then how much memory it has taken at most since it was last asked. Collects its garbage before
// it looks: how much of that Node.js lets lie is the same for a bare `pipe`.
import { bearerToken } from '../../../src/core/access/accessToken.ts';
import { Secret } from '../../../src/core/secret.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';

const [, , url = ''] = process.argv;
const quiet = () => undefined;
const upstream = {
  url,
  closed: new AbortController().signal,
  accessToken: () => Promise.resolve(bearerToken(new Secret('let-me-in'))),
  replaceToken: () => Promise.resolve(bearerToken(new Secret('let-me-in'))),
  widen: () => Promise.resolve(undefined),
  streamOpened: () => ({ dispose: quiet }),
  refuse: quiet,
  grant: () => undefined,
  tools: () => [],
  called: quiet,
  toolsListed: quiet,
  toolsChanged: quiet,
};
const gateway = new Gateway({
  upstreams: {
    onDidChange: () => ({ dispose: quiet }),
    access: () => ({ open: true, upstream }),
    sentence: (_, { code }) => code,
  },
  fetch: (input, init) => fetch(input, init),
  clock: systemClock,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  platform: process.platform,
  environment: process.env,
  transport: 'tcp',
});

let most = 0;
const look = () => {
  // The second waits for what the first gives back beside its work.
  global.gc?.();
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  most = Math.max(most, heapUsed + external);
};
setInterval(look, 50).unref();
process.on('message', () => {
  look();
  process.send?.({ held: most });
  most = 0;
});
process.on('disconnect', () => {
  void gateway.dispose().then(() => process.exit());
});
const address = await gateway.listen();
process.send?.({ port: address.kind === 'tcp' ? address.port : 0, headers: gateway.key() });
