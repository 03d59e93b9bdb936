// What was measured, as data.

/** Of every run, and what stands for them. */
export interface Sample {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly all: readonly number[];
}

export function sampleOf(numbers: readonly number[]): Sample {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (index: number): number => round(sorted[index] ?? Number.NaN);
  return {
    median: at(Math.floor(sorted.length / 2)),
    least: at(0),
    most: at(sorted.length - 1),
    all: numbers.map(round),
  };
}

export const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Of one extension in one kind of window, milliseconds. */
export interface Activation {
  readonly extension: string;
  /** Loading and running its main file. */
  readonly codeMs: Sample;
  /** The call of `activate`, until it gives control back. */
  readonly callMs: Sample;
  /** The sum of the two, window by window: what the extension host was kept from. */
  readonly synchronousMs: Sample;
  /** Until what `activate` promised was there; others run meanwhile. */
  readonly finishMs: Sample;
}

export interface ActivationCase {
  /** Of the person in front of it. */
  readonly name: string;
  readonly windows: number;
  readonly extensions: readonly Activation[];
  /** Of our files, what was loaded a while after the start, whoever asked for it. */
  readonly loadedLater: { readonly files: number; readonly bytes: number };
}

/** An empty window, one with the same servers but without the product, and ours. */
export interface Sided<T> {
  readonly empty: T;
  readonly direct: T;
  readonly ours: T;
}

export const sides = <T>(of: (side: keyof Sided<T>) => T): Sided<T> => ({
  empty: of('empty'),
  direct: of('direct'),
  ours: of('ours'),
});

/** MiB. */
export interface Reading {
  readonly rss: number;
  readonly heapUsed: number;
}

/** MiB. */
export interface Memory {
  readonly rss: Sample;
  readonly heapUsed: Sample;
}

/** Before, and after the garbage was collected. */
export interface MemoryPair {
  readonly raw: Memory;
  readonly collected: Memory;
}

export interface IdleMemory {
  readonly servers: number;
  readonly windows: number;
  readonly empty: MemoryPair;
  /** Less the empty window that was opened with it. */
  readonly overEmpty: { readonly direct: MemoryPair; readonly ours: MemoryPair };
}

/** Percent of one core. */
export interface IdleCpu {
  readonly seconds: number;
  /** Of steps of ten seconds. */
  readonly percent: Sided<Sample>;
  /** Step by step. */
  readonly overEmpty: { readonly direct: Sample; readonly ours: Sample };
  /** Over the whole time. */
  readonly overall: Sided<number>;
}

/** More than before the calls. */
interface Grown {
  readonly seconds: number;
  readonly raw: Reading;
  /** Garbage collected before and after. */
  readonly collected: Reading;
}

export interface Growth {
  readonly calls: number;
  readonly warmUp: number;
  readonly parallel: number;
  /** The empty window in half a minute without calls; `direct` by the plainest way through a window. */
  readonly grown: Sided<Grown>;
}

export interface EditorResults {
  readonly measuredAt: string;
  readonly machine: { readonly cores: number; readonly vscode: string; readonly node: string };
  /** Of what activation requires, by esbuild's own account. */
  readonly bytesAtActivation: number;
  readonly activation: readonly ActivationCase[];
  readonly idleMemory: IdleMemory;
  readonly idleCpu: IdleCpu;
  readonly growth: Growth;
}
