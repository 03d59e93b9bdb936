// npm run sandbox: the company to try the extension on. Arguments go through, e.g. --port 0 --json.
import path from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { createProcesses, stopWithThisProcess } from './processes.mjs';

const root = path.resolve(import.meta.dirname, '..');
const processes = createProcesses();
stopWithThisProcess(processes);
await ensureDependencies({ root, processes });
const { code } = await processes.run(
  process.execPath,
  ['--import', 'tsx', path.join(root, 'src/sandbox/sandbox.ts'), ...process.argv.slice(2)],
  // It ends when this end of the pipe closes.
  { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] },
);
process.exitCode = code;
