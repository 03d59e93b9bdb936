// Upstream's answer to one request, to the client: as it comes, no faster than the client takes it, and
// taken up again where upstream breaks off and says how to go on.
import { ConnectError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { hostOf } from '../core/url.ts';
import { abortable } from './abortable.ts';
import type { ClientStream } from './clientStream.ts';
import { EventFilter, framed, type ServerEvent } from './eventFilter.ts';
import { discard } from './forward.ts';
import { Gathered } from './gathered.ts';
import { readOut } from './remainder.ts';
import { leaveToScavenge } from './scavenged.ts';

/** Where an answer goes; the client's stream, usually. */
export type Sink = Pick<ClientStream, 'isOpen' | 'open' | 'write' | 'cut' | 'answerJson'>;

export interface Relay {
  readonly stream: Sink;
  readonly signal: AbortSignal;
  /** False: the client must not read it. */
  readonly see: (event: ServerEvent) => boolean;
  /** True when nothing more is awaited. */
  readonly isDone: () => boolean;
  /** Nothing longer passes: it must be seen whole, bytes. */
  readonly maxSeen?: number;
}

/** How a broken-off stream may be taken up again. */
export interface Resumption {
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
}

const none: Resumption = { lastEventId: undefined, retryMs: undefined };

/**
 * Passes one answer on to its end, or until nothing more is awaited.
 * @throws server.protocolError when it is no answer of MCP or too long, the signal's reason
 */
export async function relay(response: Response, url: string, to: Relay): Promise<Resumption> {
  const type = (response.headers.get('content-type') ?? '').toLowerCase();
  const isJson = type.startsWith('application/json');
  const { body } = response;
  if (body === null || !(isJson || type.startsWith('text/event-stream'))) {
    discard(response);
    const facts = { host: hostOf(url), status: response.status };
    throw new ConnectError('server.protocolError', facts);
  }
  const filter = new EventFilter(to.see, to.maxSeen);
  if (isJson) {
    await passJson(body, filter, to);
    return none;
  }
  to.stream.open();
  await pass(body, to, (bytes) => to.stream.write(filter.push(bytes)));
  return { lastEventId: filter.lastEventId, retryMs: filter.retryMs };
}

/** Of a JSON body, until it is whole: what breaks off before has not begun for the client. */
const maxHeld = 65_536;

/** As it is when it comes soon and is short; any other becomes an event, so that its stream keeps alive. */
async function passJson(
  body: ReadableStream<Uint8Array>,
  filter: EventFilter,
  to: Relay,
): Promise<void> {
  const { stream } = to;
  const held = new Gathered();
  const progress = { isHeld: true };
  const isWhole = await pass(body, to, async (bytes) => {
    if (!progress.isHeld) return stream.write(filter.push(framed(bytes)));
    held.add(bytes);
    if (held.length <= maxHeld && !stream.isOpen) return;
    progress.isHeld = false;
    await stream.write(filter.push(eventOf(held.take())));
  });
  // Half a JSON text must not become an event.
  if (!isWhole) return;
  const short = progress.isHeld ? held.take() : undefined;
  const begun = short === undefined ? Buffer.alloc(0) : filter.push(eventOf(short));
  const end = filter.push(Buffer.from('\n\n'));
  if (short !== undefined && !stream.isOpen && to.isDone()) stream.answerJson(short);
  else await stream.write(Buffer.concat([begun, end]));
}

const eventOf = (json: Buffer): Buffer => Buffer.concat([Buffer.from('data: '), framed(json)]);

async function pass(
  body: ReadableStream<Uint8Array>,
  { signal, isDone }: Relay,
  take: (bytes: Buffer) => Promise<void>,
): Promise<boolean> {
  let isFirst = true;
  try {
    for await (const chunk of body.values({ preventCancel: true })) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      leaveToScavenge(bytes);
      await abortable(take(isFirst ? withoutMark(bytes) : bytes), signal);
      isFirst = false;
      if (isDone()) break;
    }
    // A server may keep the stream open after the answer.
    if (isDone()) void readOut(body);
    return true;
  } catch (error) {
    body.cancel().catch(() => undefined);
    // Upstream died, which whoever awaits an answer finds out; or it was us.
    if (signal.aborted) throw ConnectError.from(signal.reason);
    if (error instanceof ConnectError) throw error;
    return false;
  }
}

const byteOrderMark = Buffer.from('\ufeff');

const withoutMark = (bytes: Buffer): Buffer =>
  bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    ? bytes.subarray(byteOrderMark.length)
    : bytes;

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
    const next = await again(lastEventId).catch(() => none);
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
