// Addresses with stars, as VS Code's lists have them. Attacker: a pattern with many stars, which an expression
// that goes back and forth would never be done with.

/** One place of the pattern: what it takes, and how many places may be left out from here. */
interface Place {
  readonly takes: (character: string) => boolean;
  /** As often as it comes. */
  readonly repeats: boolean;
  readonly skips: number;
}

const isOfHost = (character: string) => !'/@\\?#'.includes(character);
const inHost: Place = { takes: isOfHost, repeats: true, skips: 1 };
const inPath: Place = { takes: () => true, repeats: true, skips: 1 };
/** With the star behind it: any port or none. */
const port: Place = { takes: (one) => one === ':', repeats: false, skips: 2 };

/** Whether `address` is one of those. A star stays within the host, and after a colon stands for any port or none. */
export function matchesPattern(pattern: string, address: string): boolean {
  const places = placesOf(pattern.toLowerCase());
  let now = withSkips(new Set([0]), places);
  for (const character of address.toLowerCase()) {
    const next = new Set<number>();
    for (const at of now) {
      const place = places[at];
      if (place?.takes(character) === true) next.add(place.repeats ? at : at + 1);
    }
    now = withSkips(next, places);
  }
  return now.has(places.length);
}

/** A set goes on with what is added to it meanwhile. */
function withSkips(reached: Set<number>, places: readonly Place[]): Set<number> {
  for (const at of reached) {
    const skips = places[at]?.skips ?? 0;
    if (skips > 0) reached.add(at + skips);
  }
  return reached;
}

function placesOf(pattern: string): readonly Place[] {
  const [, host = '', path = ''] = /^((?:[^/\\?#]*:\/\/)?[^/\\?#]*)(.*)$/s.exec(pattern) ?? [];
  return [
    ...host.split(/(:\*|\*+)/).flatMap((part) => {
      if (part === ':*') return [port, inHost];
      return part.startsWith('*') ? [inHost] : literal(part);
    }),
    ...path.split(/(\*+)/).flatMap((part) => (part.startsWith('*') ? [inPath] : literal(part))),
  ];
}

const literal = (part: string): readonly Place[] =>
  Array.from(part, (wanted) => ({
    takes: (character: string) => character === wanted,
    repeats: false,
    skips: 0,
  }));
