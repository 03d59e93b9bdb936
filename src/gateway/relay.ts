// Upstream's answer to one request, to the client: as it comes, no faster than the client takes it, and
// taken up again where upstream breaks off and says how to go on.
import { ConnectError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { hostOf } from '../core/url.ts';
import { abortable } from './abortable.ts';
import type { ClientStream } from './clientStream.ts';
import { EventFilter, framed, type ServerEvent } from './eventFilter.ts';
import { discard } from './forward.ts';

/** Where an answer goes; the client's stream, usually. */
export type Sink = Pick<ClientStream, 'open' | 'write' | 'cut'>;

export interface Relay {
  readonly stream: Sink;
  readonly signal: AbortSignal;
  readonly see: (event: ServerEvent) => void;
  /** True when nothing more is awaited. */
  readonly isDone: () => boolean;
}

/** How a broken-off stream may be taken up again. */
export interface Resumption {
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
}

/**
 * Passes one answer on to its end, or until nothing more is awaited.
 * @throws server.protocolError when it is no answer of MCP, the signal's reason
 */
export async function relay(response: Response, url: string, to: Relay): Promise<Resumption> {
  const type = (response.headers.get('content-type') ?? '').toLowerCase();
  const isJson = type.startsWith('application/json');
  if (response.body === null || !(isJson || type.startsWith('text/event-stream'))) {
    discard(response);
    const facts = { host: hostOf(url), status: response.status };
    throw new ConnectError('server.protocolError', facts);
  }
  const filter = new EventFilter(to.see);
  to.stream.open();
  if (isJson) await to.stream.write(filter.push('data: '));
  const isWhole = await pass(response.body, filter, { ...to, isJson });
  // Half a JSON text must not become an event.
  if (isJson && isWhole) await to.stream.write(filter.push('\n\n'));
  return { lastEventId: filter.lastEventId, retryMs: filter.retryMs };
}

async function pass(
  body: ReadableStream<Uint8Array>,
  filter: EventFilter,
  { stream, signal, isDone, isJson }: Relay & { isJson: boolean },
): Promise<boolean> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const text = decoder.decode(chunk, { stream: true });
      await abortable(stream.write(filter.push(isJson ? framed(text) : text)), signal);
      // Leaving the loop ends the stream: a server may keep it open after the answer.
      if (isDone()) return true;
    }
    return true;
  } catch {
    // Upstream died, which whoever awaits an answer finds out; or it was us.
    if (signal.aborted) throw ConnectError.from(signal.reason);
    return false;
  }
}

const maxFailures = 3;
/** However soon upstream would like to be asked again, milliseconds. */
const leastResumeMs = 500;

/**
 * Asks for the rest of a broken-off answer until it has come or upstream has nothing more to say.
 * @throws the signal's reason
 * @see MCP 2025-11-25 Streamable HTTP, resumability
 */
export async function resume(
  broken: Resumption,
  again: (lastEventId: string) => Promise<Resumption>,
  { stream, signal, isDone }: Relay,
  { clock, resumeMs }: { clock: Clock; resumeMs: number },
): Promise<void> {
  let { lastEventId, retryMs } = broken;
  for (let failures = 0; failures < maxFailures && !isDone() && lastEventId !== undefined;) {
    stream.cut();
    await abortable(delay(clock, Math.max(retryMs ?? resumeMs, leastResumeMs)), signal);
    const next = await again(lastEventId).catch((): Resumption => ({
      lastEventId: undefined,
      retryMs: undefined,
    }));
    if (signal.aborted) throw ConnectError.from(signal.reason);
    const isFurther = next.lastEventId !== undefined && next.lastEventId !== lastEventId;
    failures = isFurther ? 0 : failures + 1;
    lastEventId = next.lastEventId ?? lastEventId;
    retryMs = next.retryMs ?? retryMs;
  }
}

export const delay = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
