// What was sent on each stream of one session, to be had again by whoever names the last it saw.
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

export class EventLog implements EventStore {
  readonly #events: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];

  storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    return Promise.resolve(`${this.#events.push({ stream, message }) - 1}`);
  }

  getStreamIdForEventId(id: string): Promise<string | undefined> {
    return Promise.resolve(this.#events[Number(id)]?.stream);
  }

  async replayEventsAfter(
    lastId: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const stream = this.#events[Number(lastId)]?.stream;
    if (stream === undefined) throw new Error(`no event ${lastId}`);
    for (const [id, event] of this.#events.entries()) {
      const isNews = id > Number(lastId) && event.stream === stream && 'jsonrpc' in event.message;
      if (isNews) await send(String(id), event.message);
    }
    return stream;
  }
}
