// Servers in a TOML file. The parser tells no places, so a server's line is its table's header.
import { parse } from 'smol-toml';
import { configuredServer, type ConfiguredServer } from './configuredServer.ts';
import { at, isRecord } from './member.ts';

/** @throws TomlError when it is not TOML */
export function tomlServers(
  text: string,
  keys: readonly (readonly string[])[],
): readonly ConfiguredServer[] {
  const root: unknown = parse(text);
  return keys.flatMap((path) => {
    const holder = at(root, ...path);
    const lines = headerLines(text, path);
    return Object.entries(isRecord(holder) ? holder : {})
      .map(([name, value]) => {
        const line = lines.get(name) ?? 1;
        return configuredServer(value, { name, lines: { first: line, last: line } });
      })
      .filter((one) => one !== undefined);
  });
}

/** The first line of each table below `path`: its header read by the same parser, quotes and all. */
function headerLines(text: string, path: readonly string[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.trimStart().startsWith('[')) continue;
    const holder = at(parsedHeader(line), ...path);
    for (const name of Object.keys(isRecord(holder) ? holder : {})) {
      if (!lines.has(name)) lines.set(name, index + 1);
    }
  }
  return lines;
}

function parsedHeader(line: string): unknown {
  try {
    return parse(line);
  } catch {
    // A line of an array that goes over several.
    return undefined;
  }
}
