// A window in a process of its own, which can be killed: prints where its gateway listens and its key.
import { systemClock } from '../../../src/node/systemClock.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';

const quiet = () => undefined;

const gateway = new Gateway({
  upstreams: {
    onDidChange: () => ({ dispose: quiet }),
    access: () => undefined,
    sentence: (_id, { code }) => code,
  },
  fetch: (input, init) => fetch(input, init),
  clock: systemClock,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  platform: process.platform,
  environment: process.env,
  transport: process.argv[2] === 'tcp' ? 'tcp' : 'socket',
});
const address = await gateway.listen();
console.log(JSON.stringify({ address, key: gateway.key() }));
