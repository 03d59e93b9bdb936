// Child processes of the scripts. Every child leads a process group of its own (no groups on Windows),
// so that stopping it also stops what it started; whatever still runs when this process ends is killed.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';

const groups = process.platform !== 'win32';

/** Sends `signal` to a child and everything it started. */
export function killGroup(child, signal = 'SIGTERM') {
  if (child.pid === undefined) return;
  try {
    if (groups) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Already gone.
  }
}

/** A process that has to be killed outright cannot stop its children: whoever kills it reads them here. */
function noteGroup(child) {
  const file = process.env.TEST_PROCESS_GROUPS;
  if (file !== undefined && child.pid !== undefined) appendFileSync(file, `${String(child.pid)}\n`);
}

/** Keeps track of children; `stopAll` leaves none behind. */
export function createProcesses() {
  const running = new Set();

  function start(command, args, options = {}) {
    const child = spawn(command, args, { stdio: 'inherit', ...options, detached: groups });
    running.add(child);
    noteGroup(child);
    child.once('exit', () => {
      // The leader is gone; what it left behind in its group goes too.
      killGroup(child, 'SIGKILL');
      running.delete(child);
    });
    child.once('error', () => running.delete(child));
    return child;
  }

  /** Runs to the end. Answers {code, timedOut}; never rejects for a non-zero code. */
  function run(command, args, { timeoutMs, ...options } = {}) {
    return new Promise((resolve, reject) => {
      const child = start(command, args, options);
      let timedOut = false;
      const timers = [];
      if (timeoutMs !== undefined) {
        timers.push(
          setTimeout(() => {
            timedOut = true;
            killGroup(child);
          }, timeoutMs),
          setTimeout(() => {
            killGroup(child, 'SIGKILL');
          }, timeoutMs + 5_000),
        );
      }
      const settle = (act) => {
        for (const timer of timers) clearTimeout(timer);
        act();
      };
      child.once('error', (error) => {
        settle(() => {
          reject(error);
        });
      });
      child.once('exit', (code, signal) => {
        settle(() => {
          resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), timedOut });
        });
      });
    });
  }

  /** Asks a child to end, insists after five seconds, and answers when it is gone. */
  function stop(child) {
    return new Promise((resolve) => {
      if (!running.has(child)) {
        resolve();
        return;
      }
      const insist = setTimeout(() => {
        killGroup(child, 'SIGKILL');
      }, 5_000);
      child.once('exit', () => {
        clearTimeout(insist);
        resolve();
      });
      killGroup(child);
    });
  }

  function stopAll(signal = 'SIGKILL') {
    for (const child of running) killGroup(child, signal);
  }

  /** Stops all, giving each the time to stop what it started itself in turn. */
  const stopAllInTurn = () => Promise.all([...running].map(stop));

  return { start, run, stop, stopAll, stopAllInTurn };
}

/** Stops every child when this process ends, in whatever way it can still notice; until the answer is called. */
export function stopWithThisProcess(processes) {
  const onExit = () => {
    processes.stopAll();
  };
  const onSignal = (signal) => {
    processes.stopAllInTurn().then(() => {
      process.exit(128 + constants.signals[signal]);
    });
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  process.once('exit', onExit);
  for (const signal of signals) process.once(signal, onSignal);
  return () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** The npm that started us, run by `node`, else the one on the PATH. */
export function npmCommand(args, node = process.execPath) {
  const beside = path.resolve(
    path.dirname(process.execPath),
    process.platform === 'win32' ? '.' : '../lib',
    'node_modules/npm/bin/npm-cli.js',
  );
  const cli = [process.env.npm_execpath, beside].find(
    (file) => file !== undefined && path.basename(file) === 'npm-cli.js' && existsSync(file),
  );
  return cli === undefined
    ? { command: 'npm', args, shell: process.platform === 'win32' }
    : { command: node, args: [cli, ...args], shell: false };
}

/** The environment without what `npm run` adds: it would point a second npm at this folder. */
export function environmentForNpm(extra = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle_|package_|config_(local_)?prefix$|command$)/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}
