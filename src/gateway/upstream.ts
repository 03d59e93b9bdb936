// What the gateway asks of the connections. core/connections.ts answers; tests give fakes.
import type { AccessToken } from '../core/access/accessToken.ts';
import type { ConnectError } from '../core/errors.ts';
import type { Disposable, Event } from '../core/ports.ts';
import type { ToolSummary } from '../core/connection/state.ts';
import type { ToolChanges } from '../core/server/toolChanges.ts';

export interface Grant {
  readonly scopes: readonly string[];
  /** Wanted or held before, and not granted. */
  readonly missing: readonly string[];
  /** What the profile calls so. */
  readonly writeScopes: readonly string[];
  /** Tools that write are left out of lists while reading alone is granted. */
  readonly hidesWriteTools: boolean;
}

/** An open connection, seen from the gateway. */
export interface Upstream {
  /** The MCP server's URL, exactly as the profile writes it. */
  readonly url: string;
  /** Aborts the moment the connection closes; `reason` is the ConnectError to show. */
  readonly closed: AbortSignal;
  /**
   * An access token with life left, minted when needed.
   * @throws the ConnectError that closed or pauses the connection
   */
  accessToken(signal: AbortSignal): Promise<AccessToken>;
  /**
   * Another token after the server answered 401 to `refused`; one mint for any number of callers.
   * @throws as accessToken
   */
  replaceToken(refused: AccessToken, signal: AbortSignal): Promise<AccessToken>;
  /**
   * A token that may do more than `refused`, after the server asked for `scopes` or, undefined, for more
   * without saying what; undefined when all of it has been asked for already.
   * @throws server.insufficientScope when it is not allowed, now or before; as accessToken
   */
  widen(
    scopes: readonly string[] | undefined,
    refused: AccessToken,
    signal: AbortSignal,
  ): Promise<AccessToken | undefined>;
  /** A stream of the client's opened there; disposed of when it ends. */
  streamOpened(): Disposable;
  /** The server refused a fresh token too, or wants another sign-in: the connection closes with this error. */
  refuse(error: ConnectError): void;
  /** What is granted now; undefined while nobody knows. */
  grant(): Grant | undefined;
  /** As last listed. */
  tools(): readonly ToolSummary[];
  /** A `tools/call` ended. */
  called(call: { tool: string; outcome: 'ok' | 'error' | 'denied' }): void;
  /** A whole `tools/list` answer passed through. */
  toolsListed(tools: readonly ToolSummary[]): void;
  /** It is not the list that was there before, under the same grant. */
  toolsChanged(changes: ToolChanges): void;
}

export type UpstreamAccess =
  | { readonly open: true; readonly upstream: Upstream }
  | { readonly open: false; readonly error: ConnectError };

export interface Upstreams {
  /** Fires when `access` may answer differently from now on. */
  readonly onDidChange: Event<void>;
  /** `undefined`: the profile has no such server. */
  access(serverId: string): UpstreamAccess | undefined;
  /** The sentence a person reads for `error` at this server. */
  sentence(serverId: string, error: ConnectError): string;
}
