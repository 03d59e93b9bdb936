// What was measured, as the part of bench/RESULTS.md that people read.
import { markdownTable } from '../table.ts';
import type {
  Activation,
  ActivationCase,
  EditorResults,
  Memory,
  MemoryPair,
  Reading,
  Sample,
  Sided,
} from './results.ts';

const targets = { synchronousMs: 10, bytes: 60_000, rss: 30, growth: 5, cpu: 0.1 };

/** Markdown, from its heading on. */
export function editorSection(results: EditorResults): string {
  const { machine, measuredAt } = results;
  return [
    '## In VS Code',
    `Written by \`npm run bench:editor\`, ${measuredAt}: the packed extension in VS Code ${machine.vscode} (code-server),
${machine.cores} cores. Medians, and the least in brackets. Every run: [editor/results.json](editor/results.json).`,
    activationSection(results),
    memorySection(results),
    growthSection(results),
    cpuSection(results),
  ].join('\n\n');
}

const short = (value: number): string => String(Math.round(value * 100) / 100);

const told = ({ median, least }: Sample): string => `${short(median)} (${short(least)})`;

const verdict = (value: number, target: number): string => (value <= target ? 'met' : '**missed**');

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} KB`;

const names: Readonly<Record<string, string>> = {
  'enterprise-mcp.enterprise-mcp': '**this extension**',
  'enterprise-mcp.empty-extension': 'an empty extension',
};

function activationSection({ activation, bytesAtActivation }: EditorResults): string {
  const rows = activation.flatMap((one) => one.extensions.map((it) => activationRow(one, it)));
  const ours = activation.flatMap(({ name, extensions, loadedLater }) =>
    extensions.slice(0, 1).map(({ synchronousMs: { median } }) => {
      const result = verdict(median, targets.synchronousMs);
      return `- ${name}: ${short(median)} ms, target ${targets.synchronousMs} ms ${result}; soon after the start ${loadedLater.files} files, ${kilobytes(loadedLater.bytes)}, are loaded.`;
    }),
  );
  return `### Start of a window

Milliseconds, ${activation[0]?.windows ?? 0} windows of each kind in turn. "Keeps others waiting" is the code and the call of
\`activate\` together; until it is finished, others run. VS Code counts in whole milliseconds.

${markdownTable(['window', 'extension', 'code', 'call', 'keeps others waiting', 'finished after'], rows)}

${ours.join('\n')}
- Activation requires ${bytesAtActivation} bytes, target ${targets.bytes}: ${verdict(bytesAtActivation, targets.bytes)}.`;
}

const activationRow = ({ name }: ActivationCase, it: Activation) => [
  name,
  names[it.extension] ?? `\`${it.extension}\``,
  ...[it.codeMs, it.callMs, it.synchronousMs, it.finishMs].map(told),
];

const memoryCells = ({ rss, heapUsed }: Memory): readonly string[] => [told(rss), told(heapUsed)];

const pairCells = ({ raw, collected }: MemoryPair): readonly string[] => [
  ...memoryCells(raw),
  ...memoryCells(collected),
];

const memoryHead = [
  'RSS',
  'heap in use',
  'RSS, garbage collected',
  'heap in use, garbage collected',
];

function memorySection({ idleMemory }: EditorResults): string {
  const { servers, windows, empty, overEmpty } = idleMemory;
  const { ours, direct } = overEmpty;
  const own = ours.raw.rss.median - direct.raw.rss.median;
  return `### Memory, ${servers} servers connected and idle

MiB of the extension host, ${windows} windows of each kind, three at a time. VS Code itself keeps a session
with every server: "without this extension" it is given the same servers and their access by hand.

${markdownTable(
  ['', ...memoryHead],
  [
    ['nothing but VS Code', ...pairCells(empty)],
    ['the servers without this extension, more than that', ...pairCells(direct)],
    ['**the servers with this extension**, more than that', ...pairCells(ours)],
  ],
)}

- RSS over an empty host: ${short(ours.raw.rss.median)} MiB, target ${targets.rss}: ${verdict(ours.raw.rss.median, targets.rss)}. VS Code alone needs ${short(direct.raw.rss.median)} of them for the same servers; this extension adds ${short(own)}.
- What is alive of it: ${short(ours.collected.heapUsed.median)} MiB, without this extension ${short(direct.collected.heapUsed.median)} MiB. The rest is room the JavaScript engine took while everything connected at once and does not give back.`;
}

const growthCells = (raw: Reading, collected: Reading): readonly string[] =>
  [raw.rss, raw.heapUsed, collected.rss, collected.heapUsed].map(short);

function growthSection({ growth }: EditorResults): string {
  const { calls, warmUp, parallel, grown } = growth;
  const { ours, direct } = grown;
  const rowOf = (name: string, side: keyof Sided<unknown>) => {
    const { seconds, raw, collected } = grown[side];
    return [name, String(seconds), ...growthCells(raw, collected)];
  };
  return `### Memory after ${calls} calls

MiB more than after the first ${warmUp} calls. The calls come from another process, ${parallel} at a time and at
every server in turn; the plainest way through a window is a handler that fetches and answers.

${markdownTable(
  ['', 'seconds', ...memoryHead],
  [
    rowOf('no calls', 'empty'),
    rowOf('the plainest way through a window', 'direct'),
    rowOf("**this extension's gateway**", 'ours'),
  ],
)}

- What is alive: ${short(ours.collected.heapUsed)} MiB more, target ${targets.growth}: ${verdict(ours.collected.heapUsed, targets.growth)}.
- RSS: ${short(ours.raw.rss)} MiB more, target ${targets.growth}: ${verdict(ours.raw.rss, targets.growth)}. The plainest way grows by ${short(direct.raw.rss)}: the engine enlarges its nursery with what is allocated at a time, and every \`fetch\` of an extension copies VS Code's network settings.`;
}

function cpuSection({ idleCpu }: EditorResults): string {
  const { seconds, percent, overEmpty, overall } = idleCpu;
  const rowOf = (name: string, side: keyof Sided<unknown>, more: string) => [
    name,
    told(percent[side]),
    more,
    short(overall[side]),
  ];
  const { ours, direct } = overEmpty;
  return `### Processor time, idle

Percent of one core over ${seconds} s, in steps of ten, the three windows at the same time.

${markdownTable(
  ['', 'a step', 'more than the empty host', 'whole time'],
  [
    rowOf('nothing but VS Code', 'empty', ''),
    rowOf('the servers without this extension', 'direct', told(direct)),
    rowOf('**the servers with this extension**', 'ours', told(ours)),
  ],
)}

- ${short(ours.median)} % more than an empty host, target ${targets.cpu}: ${verdict(ours.median, targets.cpu)}.`;
}
