// --import this: `vscode` is the stub beside it.
import { register } from 'node:module';

const stub = new URL('./vscodeStub.mjs', import.meta.url).href;
register(
  `data:text/javascript,${encodeURIComponent(
    `export const resolve = (name, context, next) =>
       name === 'vscode' ? { url: ${JSON.stringify(stub)}, shortCircuit: true } : next(name, context);`,
  )}`,
);
