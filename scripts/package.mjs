// npm run package: builds and writes dist/enterprise-mcp.vsix.
import path from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { createProcesses, stopWithThisProcess } from './processes.mjs';
import { packageVsix } from './vsix.mjs';

const root = path.resolve(import.meta.dirname, '..');
const processes = createProcesses();
stopWithThisProcess(processes);
await ensureDependencies({ root, processes });
await packageVsix({ root, processes });
