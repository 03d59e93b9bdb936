// What a person gets for another client: the text for its file, and what to know about the key in it.
import { cleanText } from './plainText.ts';
import type { KnownClient, SnippetServer } from './clientSnippets.ts';

export interface ClientDocument {
  /** For the client's file. */
  readonly snippet: string;
  /** The same with what to know, as comments. */
  readonly document: string;
}

/** @param servers ids at the gateway, which listens on `port` of this computer */
export function clientDocument(
  client: KnownClient,
  made: { readonly name: string; readonly key: string; readonly port: number },
  servers: readonly string[],
): ClientDocument {
  const at = (id: string): SnippetServer => ({
    id,
    url: `http://127.0.0.1:${made.port}/mcp/${id}`,
  });
  const snippet = client.text(servers.map(at), made.key);
  const comment = [
    `For ${cleanText(made.name)}: add this to ${client.file}.`,
    '',
    'The key in it is shown once. Keep it as you keep a password, and',
    'out of repositories: whoever has it on this computer acts as you.',
    '',
    'To take it back, revoke it in the side bar under "Other clients".',
    'It ends when you sign out, too. The client reaches the servers',
    'while VS Code runs and you are signed in there.',
  ];
  return { snippet, document: [...commented(client, comment), snippet].join('\n') };
}

/** Of a page that is opened again. */
export const shownOnce = (client: Pick<KnownClient, 'language'>): string =>
  commented(client, [
    'The key was shown once. Without it, revoke the client in the side bar and connect it again.',
  ]).join('\n');

const commented = ({ language }: Pick<KnownClient, 'language'>, lines: readonly string[]) =>
  lines.map((line) => `${language === 'toml' ? '#' : '//'} ${line}`.trimEnd());
