// Chance that is the same in every run: one sequence per person and purpose, so that a change of the scheduler
// changes nobody's day.

/** 0 to 1, for as long as it is asked. */
export type Random = () => number;

/** Another list of numbers, another sequence (mulberry32 over a mix of them). */
export function seededRandom(...seeds: readonly number[]): Random {
  const state = { value: seeds.reduce((mixed, seed) => mix(mixed ^ Math.trunc(seed)), 0x9e3779b9) };
  return () => {
    state.value = (state.value + 0x6d2b79f5) | 0;
    return (mix(state.value) >>> 0) / 2 ** 32;
  };
}

function mix(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  const second = Math.imul(first ^ (first >>> 15), 0x119de1f3);
  return second ^ (second >>> 16);
}

export const between = (random: Random, low: number, high: number): number =>
  low + (high - low) * random();

/** As long as nothing remembers: mostly short, sometimes long. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());

/** A few of many, in any order. */
export function some<T>(random: Random, many: readonly T[], count: number): readonly T[] {
  return many
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .slice(0, count)
    .map(({ one }) => one);
}
