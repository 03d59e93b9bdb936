// What an extension costs at the start of a window: ours, one that does nothing, and VS Code's own.
import { eventually } from '../../test/support/eventually.ts';
import type { EditorWindow, Person } from './editor.ts';
import { sampleOf, type Activation, type ActivationCase } from './results.ts';

export const product = 'enterprise-mcp.enterprise-mcp';
/** Ours, nothing, and those of VS Code that start in every window. */
const extensions = [
  product,
  'enterprise-mcp.empty-extension',
  'vscode.merge-conflict',
  'vscode.debug-auto-launch',
  'vscode.git-base',
];

interface Mark {
  readonly name: string;
  readonly startTime: number;
}

interface Times {
  readonly codeMs: number;
  readonly callMs: number;
  readonly finishMs: number;
}

interface WindowTimes {
  readonly times: ReadonlyMap<string, Times>;
  readonly loaded: readonly { readonly file: string; readonly bytes: number }[];
}

export interface ActivationTask {
  readonly name: string;
  readonly person: Person;
  /** Until everything that follows the start has come to rest. */
  readonly settled: (window: EditorWindow) => Promise<void>;
}

/** Opens the windows of all cases in turn, so that what else the computer does meets them alike. */
export async function measureActivation(
  tasks: readonly ActivationTask[],
  windows: number,
): Promise<ActivationCase[]> {
  const done = tasks.map((task) => ({ task, own: [] as WindowTimes[] }));
  for (let turn = 0; turn < windows; turn++) {
    for (const { task, own } of done) own.push(await inOneWindow(task));
  }
  return done.map(({ task, own }) => ({
    name: task.name,
    windows,
    extensions: extensions.map((extension) => activationOf(extension, own)),
    loadedLater: loadedOf(own.at(-1)),
  }));
}

async function inOneWindow({ person, settled }: ActivationTask): Promise<WindowTimes> {
  const window = await person.open();
  try {
    const marks = await eventually('every extension has started', async () => {
      const seen = await window.ask<Mark[]>('/marks');
      return extensions.every((id) => timeOf(seen, 'didActivateExtension', id)) && seen;
    });
    await settled(window);
    const loaded = await window.ask<WindowTimes['loaded']>('/loaded');
    const calls = await eventually('VS Code tells the times', async () => {
      const table = await window.ask<string>('/startup');
      return extensions.every((id) => callOf(table, id) !== undefined) && table;
    });
    const times = extensions.map((id) => [id, timesOf(id, marks, calls)] as const);
    return { times: new Map(times), loaded };
  } finally {
    await window.close();
  }
}

const timeOf = (marks: readonly Mark[], mark: string, id: string): number | undefined =>
  marks.find(({ name }) => name === `code/extHost/${mark}/${id}`)?.startTime;

function timesOf(id: string, marks: readonly Mark[], table: string): Times {
  const between = (from: string, to: string): number =>
    (timeOf(marks, to, id) ?? Number.NaN) - (timeOf(marks, from, id) ?? Number.NaN);
  return {
    codeMs: between('willLoadExtensionCode', 'didLoadExtensionCode'),
    callMs: callOf(table, id) ?? Number.NaN,
    finishMs: between('willActivateExtension', 'didActivateExtension'),
  };
}

/** | Extension | Eager | Load Code | Call Activate | Finish Activate | Event | By | */
function callOf(table: string, id: string): number | undefined {
  const line = table.split('\n').find((one) => one.split('|')[1]?.trim() === id);
  const text = line?.split('|')[4]?.trim();
  return text === undefined ? undefined : Number(text);
}

function activationOf(extension: string, windows: readonly WindowTimes[]): Activation {
  const own = windows.flatMap(({ times }) => times.get(extension) ?? []);
  return {
    extension,
    codeMs: sampleOf(own.map(({ codeMs }) => codeMs)),
    callMs: sampleOf(own.map(({ callMs }) => callMs)),
    synchronousMs: sampleOf(own.map(({ codeMs, callMs }) => codeMs + callMs)),
    finishMs: sampleOf(own.map(({ finishMs }) => finishMs)),
  };
}

function loadedOf(window: WindowTimes | undefined): ActivationCase['loadedLater'] {
  const ours = (window?.loaded ?? []).filter(({ file }) => file.includes(`/${product}-`));
  return { files: ours.length, bytes: ours.reduce((sum, { bytes }) => sum + bytes, 0) };
}
