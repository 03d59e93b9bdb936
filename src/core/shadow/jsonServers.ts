// Servers in a JSON file, comments and trailing commas allowed, each with its place in the text.
import { getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { configuredServer, type ConfiguredServer } from './configuredServer.ts';
import { lineCounter } from './lines.ts';

export const parseOptions = { allowTrailingComma: true, allowEmptyContent: true };

interface Named {
  readonly name: string | undefined;
  readonly value: Node;
  /** The whole member, where it is one. */
  readonly member: Node | undefined;
}

/** `broken`: the text is not JSON all through; what could be understood of it is there. */
export function jsonServers(
  text: string,
  keys: readonly (readonly string[])[],
): { readonly servers: readonly ConfiguredServer[]; readonly broken: boolean } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, parseOptions);
  const linesOf = lineCounter(text);
  const broken = errors.length > 0;
  const found =
    root === undefined ? [] : keys.flatMap((path) => holders(root, path)).flatMap(named);
  const servers = found.map(({ name, value, member }) => {
    const span = member ?? value;
    return configuredServer(getNodeValue(value), {
      name,
      lines: linesOf(span),
      span:
        broken || member === undefined ? undefined : { offset: span.offset, length: span.length },
    });
  });
  return { servers: servers.filter((one) => one !== undefined), broken };
}

function holders(node: Node, [key, ...rest]: readonly string[]): readonly Node[] {
  if (key === undefined) return [node];
  return membersOf(node)
    .filter(({ name }) => key === '*' || name === key)
    .flatMap(({ value }) => holders(value, rest));
}

/** The servers of an object by their keys, of a list by the name in each. */
const named = (holder: Node): readonly Named[] =>
  holder.type === 'array'
    ? (holder.children ?? []).map((value) => ({ name: nameIn(value), value, member: undefined }))
    : membersOf(holder);

function membersOf(node: Node): readonly (Named & { readonly name: string })[] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap((member) => {
    const [key, value] = member.children ?? [];
    return key === undefined || value === undefined
      ? []
      : [{ name: String(key.value), value, member }];
  });
}

const nameIn = (node: Node): string | undefined => {
  const name = membersOf(node).find((one) => one.name === 'name')?.value;
  return name?.type === 'string' ? String(name.value) : undefined;
};
