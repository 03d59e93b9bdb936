// What is nearly right, which finds more than what is wholly wrong.
import fc from 'fast-check';

/** One change: bytes put in, taken out, written over, or repeated. */
export interface Edit {
  readonly at: number;
  readonly kind: 'insert' | 'remove' | 'replace' | 'repeat';
  readonly length: number;
  readonly what: string;
}

/** From 0 to 1, each as likely as any other: doubles of fast-check are mostly tiny. */
export const place: fc.Arbitrary<number> = fc.nat(9_999).map((part) => part / 10_000);

/** `words` are those that mean something to the parser. */
export const edits = (...words: readonly string[]): fc.Arbitrary<readonly Edit[]> =>
  fc.array(
    fc.record({
      at: place,
      kind: fc.constantFrom('insert', 'remove', 'replace', 'repeat'),
      length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 200 })),
      what: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...words) },
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  );

export const edited = (text: string, changes: readonly Edit[]): string =>
  changes.reduce((before, { at, kind, length, what }) => {
    const place = Math.floor(at * (before.length + 1));
    const [head, cut, tail] = [
      before.slice(0, place),
      before.slice(place, place + length),
      before.slice(place + length),
    ];
    if (kind === 'insert') return head + what + cut + tail;
    if (kind === 'remove') return head + tail;
    return kind === 'replace' ? head + what + tail : head + cut + cut + tail;
  }, text);

/** `value` with `other` in the place of one of its parts, chosen by `at`. */
export function withPart(value: unknown, at: number, other: unknown): unknown {
  const paths: (readonly string[])[] = [];
  const visit = (one: unknown, path: readonly string[]) => {
    paths.push(path);
    if (typeof one !== 'object' || one === null) return;
    for (const [name, part] of Object.entries(one)) visit(part, [...path, name]);
  };
  visit(value, []);
  const path = paths[Math.floor(at * paths.length)] ?? [];
  const put = (one: unknown, [name, ...rest]: readonly string[]): unknown => {
    if (name === undefined) return other;
    const part = put((one as Record<string, unknown>)[name], rest);
    if (Array.isArray(one)) return one.with(Number(name), part);
    return { ...(one as object), [name]: part };
  };
  return put(value, path);
}
