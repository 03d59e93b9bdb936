// Lists of tools where the company grants reading only: what is not marked as reading is left out, and
// refused when it is called by name. A courtesy to the model; the server's own check is the wall.
import { ConnectError } from '../core/errors.ts';
import { isFields, parseFields, type McpRequest } from './mcpMessage.ts';
import { isReadOnly } from './readOnlyGrant.ts';
import type { Sink } from './relay.ts';
import type { Upstream } from './upstream.ts';

/** Of one list, which is read whole. */
const maxLength = 8_388_608;

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
      if (pending.length > maxLength) throw new ConnectError('server.protocolError');
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

/** undefined: there is no list of tools in it. */
function narrowed(json: string): string | undefined {
  const message = parseFields(json);
  const result = message?.['result'];
  if (!isFields(result) || !Array.isArray(result['tools'])) return undefined;
  const tools = result['tools'].filter(isMarked);
  return JSON.stringify({ ...message, result: { ...result, tools } });
}

function isMarked(tool: unknown): boolean {
  const annotations = isFields(tool) ? tool['annotations'] : undefined;
  return isFields(annotations) && annotations['readOnlyHint'] === true;
}

/** @throws server.insufficientScope for a call of a tool that is not marked as reading */
export function refuseWriting({ method, params }: McpRequest, upstream: Upstream): void {
  if (method !== 'tools/call' || !isReadOnly(upstream.grant())) return;
  const isReading = upstream.tools().some((tool) => tool.readOnly && tool.name === params['name']);
  if (!isReading) throw new ConnectError('server.insufficientScope');
}
