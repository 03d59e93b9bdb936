// Looks for secrets wherever a run leaves something behind.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

export interface Canary {
  readonly kind: string;
  readonly value: string;
}

/** Places by name, and what was left there. */
export type Traces = ReadonlyMap<string, Buffer | string>;

/** What recorder/ wrote down, once for each kind; an ID-JAG is an `access_token` first, then an `assertion`. */
export function readCanaries(file: string): readonly Canary[] {
  if (!existsSync(file)) return [];
  const lines = new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return [...lines].map((line) => JSON.parse(line) as Canary);
}

/** Every file below `folder` but those below `except`. */
export function filesBelow(folder: string, except: readonly string[] = []): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    if (except.some((other) => file.startsWith(other)) || !statSync(file).isFile()) continue;
    files.set(file, readFileSync(file));
  }
  return files;
}

/** All that VS Code keeps in the browser: local storage and every database. */
export function browserStorage(page: Page): Promise<string> {
  const script = path.join(import.meta.dirname, 'browserStorage.js');
  return page.evaluate<string>(readFileSync(script, 'utf8'));
}

/** The forms in which a value could have been written down. */
function forms(value: string): string[] {
  const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '');
  return [value, encodeURIComponent(value), base64];
}

/** `kind in place` for each secret found; a place may be searched for the shape of one as well. */
export function findSecrets(canaries: readonly Canary[], traces: Traces): string[] {
  const found: string[] = [];
  for (const [place, content] of traces) {
    const text = typeof content === 'string' ? content : content.toString('latin1');
    for (const { kind, value } of canaries) {
      const form = forms(value).find((one) => text.includes(one));
      if (form === undefined) continue;
      const at = text.indexOf(form);
      found.push(`${kind} in ${place}: …${text.slice(Math.max(0, at - 160), at)}[it]…`);
    }
    // Three parts of base64url of which two are JSON objects: no JWT belongs anywhere.
    if (/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/.test(text)) found.push(`a JWT in ${place}`);
  }
  return found;
}
