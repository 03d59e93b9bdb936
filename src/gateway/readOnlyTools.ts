// Lists of tools where the company grants reading only: what is not marked as reading is left out, and
// refused when it is called by name. A courtesy to the model; the server's own check is the wall.
import { ConnectError } from '../core/errors.ts';
import { abortable } from './abortable.ts';
import { fieldsIn, isFields, type McpRequest } from './mcpMessage.ts';
import { isReadOnly } from './readOnlyGrant.ts';
import type { Sink } from './relay.ts';
import type { Upstream } from './upstream.ts';

/** Of one list, which is read whole, bytes. */
export const maxListLength = 8_388_608;

/** Passes on to `to`, event by event. */
export function readOnlyTools(to: Sink): Sink {
  const decoder = new TextDecoder();
  let pending = '';
  return {
    get isOpen() {
      return to.isOpen;
    },
    open: () => {
      to.open();
    },
    cut: () => {
      pending = '';
      to.cut();
    },
    answerJson: (json) => {
      const less = narrowed(json.toString());
      to.answerJson(less === undefined ? json : Buffer.from(less));
    },
    write: async (bytes) => {
      pending += decoder.decode(bytes, { stream: true });
      if (pending.length > maxListLength) throw new ConnectError('server.protocolError');
      const end = pending.lastIndexOf('\n\n') + 2;
      if (end < 2) return;
      const events = pending.slice(0, end - 2).split('\n\n');
      pending = pending.slice(end);
      await to.write(Buffer.from(events.map((event) => `${narrowedEvent(event)}\n\n`).join('')));
    },
  };
}

function narrowedEvent(event: string): string {
  const lines = event.split('\n');
  const isData = (line: string) => line.startsWith('data:');
  const json = narrowed(
    lines
      .filter(isData)
      .map((line) => line.slice('data:'.length))
      .join('\n'),
  );
  if (json === undefined) return event;
  return [...lines.filter((line) => !isData(line)), `data: ${json}`].join('\n');
}

/** undefined: there is no list of tools in it. A client takes an array for as many messages. */
function narrowed(json: string): string | undefined {
  const messages = fieldsIn(json);
  const [only = {}, ...more] = messages.map(narrowedMessage);
  if (!messages.some(listsTools)) return undefined;
  return JSON.stringify(more.length === 0 ? only : [only, ...more]);
}

type Fields = Readonly<Record<string, unknown>>;

const listsTools = ({ result }: Fields): boolean =>
  isFields(result) && Array.isArray(result['tools']);

function narrowedMessage(message: Fields): Fields {
  const { result } = message;
  if (!isFields(result) || !Array.isArray(result['tools'])) return message;
  return { ...message, result: { ...result, tools: result['tools'].filter(isMarked) } };
}

function isMarked(tool: unknown): boolean {
  const annotations = isFields(tool) ? tool['annotations'] : undefined;
  return isFields(annotations) && annotations['readOnlyHint'] === true;
}

/**
 * @throws server.insufficientScope for a call of a tool that is not marked as reading, what the upstream's
 *   tokens throw, the signal's reason
 */
export async function refuseWriting(
  { method, params }: McpRequest,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<void> {
  if (method !== 'tools/call') return;
  // A connection that stood by knows what is granted once it has been asked for access.
  if (upstream.grant() === undefined) await abortable(upstream.accessToken(signal), signal);
  if (!isReadOnly(upstream.grant())) return;
  const named = upstream.tools().filter(({ name }) => name === params['name']);
  const isReading = named.length > 0 && named.every(({ readOnly }) => readOnly);
  if (!isReading) throw new ConnectError('server.insufficientScope');
}
