// Starts the sandbox company for the demo and waits for the line that tells where everything is.
import path from 'node:path';

/** Answers the parsed line, on free ports where `port` is taken; `processes` stops the company. */
export const startSandbox = (options) => start(options).catch(() => start({ ...options, port: 0 }));

function start({ root, processes, port }) {
  return new Promise((resolve, reject) => {
    const child = processes.start(
      process.execPath,
      [
        ...['--import', 'tsx', path.join(root, 'src/sandbox/sandbox.ts')],
        ...['--port', String(port), '--json'],
      ],
      { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let seen = '';
    child.stdout.on('data', (chunk) => {
      seen += chunk.toString();
      const end = seen.indexOf('\n');
      if (end > 0) resolve(JSON.parse(seen.slice(0, end)));
    });
    child.once('exit', (code) => {
      reject(new Error(`The company did not start (${String(code)}).`));
    });
  });
}
