// One server cut out of a JSON file, everything else left as it is, comments included.
import {
  createScanner,
  getNodePath,
  getNodeValue,
  parseTree,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import type { Span } from './configuredServer.ts';
import { parseOptions } from './jsonServers.ts';

/** TypeScript cannot use the const enum of the library in isolated modules. */
const commaToken = 5;

const bom = '\uFEFF';

/** The text without the member `name` at `span`; undefined when it is not there or not surely all of it. */
export function withoutEntry(
  original: string,
  { name, span }: { readonly name: string; readonly span: Span },
): string | undefined {
  const mark = original.startsWith(bom) ? bom : '';
  const text = original.slice(mark.length);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, parseOptions);
  const member = root && memberAt(root, span);
  if (root === undefined || member === undefined || errors.length > 0) return undefined;
  if (keyOf(member) !== name) return undefined;
  // Of two by one name, which is meant depends on who reads.
  if (siblingsOf(member).filter((one) => keyOf(one) === name).length > 1) return undefined;
  const rest = cut(text, cutsOf(text, member));
  return isOnlyWithout(root, member, rest) ? mark + rest : undefined;
}

const keyOf = (member: Node): unknown => member.children?.[0]?.value;
const siblingsOf = (member: Node): readonly Node[] => member.parent?.children ?? [];

function memberAt(node: Node, span: Span): Node | undefined {
  if (node.offset === span.offset && node.length === span.length && node.type === 'property') {
    return node;
  }
  const inner = (node.children ?? []).find(
    ({ offset, length }) => offset <= span.offset && span.offset + span.length <= offset + length,
  );
  return inner && memberAt(inner, span);
}

/** The member and the comma that belongs to it: the one behind, else the one before. */
function cutsOf(text: string, member: Node): readonly Span[] {
  const siblings = siblingsOf(member);
  const before = siblings[siblings.indexOf(member) - 1];
  const end = endOf(member);
  const behind = commaFrom(text, end);
  const comma = behind ?? (before && commaFrom(text, endOf(before)));
  if (comma === undefined) return [wholeLine(text, member)];
  const isNext = comma.offset >= end && text.slice(end, comma.offset).trim() === '';
  if (!isNext) return [comma, wholeLine(text, member)];
  return [wholeLine(text, { offset: member.offset, length: endOf(comma) - member.offset })];
}

const endOf = ({ offset, length }: Span): number => offset + length;

function commaFrom(text: string, offset: number): Span | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  const token: number = scanner.scan();
  return token === commaToken ? { offset: scanner.getTokenOffset(), length: 1 } : undefined;
}

/** With the line break where nothing else is on those lines. */
function wholeLine(text: string, span: Span): Span {
  const start = text.lastIndexOf('\n', span.offset - 1) + 1;
  const nextBreak = text.indexOf('\n', endOf(span));
  const end = nextBreak === -1 ? text.length : nextBreak + 1;
  const around = text.slice(start, span.offset) + text.slice(endOf(span), end);
  return around.trim() === '' && nextBreak !== -1
    ? { offset: start, length: end - start }
    : { offset: span.offset, length: span.length };
}

const cut = (text: string, spans: readonly Span[]): string =>
  spans
    .toSorted((one, other) => other.offset - one.offset)
    .reduce((rest, span) => rest.slice(0, span.offset) + rest.slice(endOf(span)), text);

/** Read again, the rest must mean what the whole meant, without that member. */
function isOnlyWithout(root: Node, member: Node, rest: string): boolean {
  const path = getNodePath(member.children?.[1] ?? member).map(String);
  const wanted: unknown = getNodeValue(root);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((inner, key) => (isHolder(inner) ? inner[key] : undefined), wanted);
  if (!isHolder(holder) || !Reflect.deleteProperty(holder, path.at(-1) ?? '')) return false;
  const errors: ParseError[] = [];
  const left = parseTree(rest, errors, parseOptions);
  if (left === undefined || errors.length > 0) return false;
  return JSON.stringify(getNodeValue(left)) === JSON.stringify(wanted);
}

const isHolder = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
