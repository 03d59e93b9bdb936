// How much and how long the gateway bears. Times in milliseconds.
export interface Limits {
  /** A request whose upstream head takes longer is answered as a stream that says it is alive. */
  readonly headWaitMs: number;
  /** Silence after which a comment is sent: VS Code ends what is silent for 300 s. */
  readonly keepAliveMs: number;
  /** How long requests wait for a `notifications/initialized` that may never come. */
  readonly holdMs: number;
  /** How long a handshake or a list may take upstream; calls may take as long as they like. */
  readonly listMs: number;
  /** Before the upstream event stream is asked for again after a failure. */
  readonly reconnectMs: number;
  /** Before a stream that upstream broke off is taken up again, where upstream does not say. */
  readonly resumeMs: number;
  /** Between shutting the gate at the end of the window and cutting what is still open. */
  readonly lingerMs: number;
  /** For a client to send the head of a request, and all of it. */
  readonly receiveHeadMs: number;
  readonly receiveMs: number;
  readonly maxMessageBytes: number;
  /** Per server; the longest idle one goes first. */
  readonly maxSessions: number;
  readonly maxConnections: number;
  /** Connections that have not shown the key; the oldest gives way. */
  readonly maxStrangers: number;
  /** Before a wrong key is answered: with `maxStrangers`, how fast anybody can guess. */
  readonly refusalMs: number;
  /** Between looks at whether the address is still ours. */
  readonly watchMs: number;
}

export const defaultLimits: Limits = {
  headWaitMs: 15_000,
  keepAliveMs: 20_000,
  holdMs: 5_000,
  listMs: 60_000,
  reconnectMs: 30_000,
  resumeMs: 1_000,
  lingerMs: 200,
  receiveHeadMs: 10_000,
  receiveMs: 60_000,
  maxMessageBytes: 4_194_304,
  maxSessions: 64,
  maxConnections: 1_024,
  maxStrangers: 512,
  refusalMs: 200,
  watchMs: 2_000,
};
