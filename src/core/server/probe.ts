// Proves a fresh access token at its MCP server: one handshake, one tools/list. What it learns, the
// tree shows; a server that only looks configured is not called connected.
import type { AccessToken } from '../access/accessToken.ts';
import { ConnectError } from '../errors.ts';
import {
  capabilities,
  otherVersion,
  sessionVersion,
  statelessVersion,
  VersionRefusal,
} from './mcpVersions.ts';
import type { Clock, Fetch } from '../ports.ts';
import { ProbeSession, type ProbeTarget } from './probeSession.ts';
import type { ToolSummary } from '../connection/state.ts';
import { maxTools, toolSummaries } from './toolSummaries.ts';
import { hostOf } from '../url.ts';

const timeoutMs = 15_000;
const maxPages = 20;

export interface Probed {
  readonly tools: readonly ToolSummary[];
  /** The version that worked, to begin with next time. */
  readonly version: string;
}

/**
 * The tools of the server at `url`.
 * @throws server.*, network.*
 * @see MCP 2025-11-25 lifecycle and Streamable HTTP, MCP 2026-07-28 basic/versioning
 */
export async function probe(
  target: {
    readonly url: string;
    readonly token: AccessToken;
    readonly clientVersion: string;
    readonly signal: AbortSignal;
    /** Of the last probe that worked. */
    readonly version?: string | undefined;
  },
  { fetch, clock }: { fetch: Fetch; clock: Clock },
): Promise<Probed> {
  const { url, token, clientVersion, version = sessionVersion } = target;
  const timeout = new AbortController();
  const timer = clock.schedule(timeoutMs, () => {
    timeout.abort(
      new ConnectError('server.unavailable', { host: hostOf(url), systemCode: 'TIMEOUT' }),
    );
  });
  const signal = AbortSignal.any([timeout.signal, target.signal]);
  const clientInfo = { name: 'enterprise-mcp', version: clientVersion };
  try {
    return await inItsVersion({ url, token, clientInfo, signal, fetch }, version);
  } finally {
    timer.dispose();
  }
}

async function inItsVersion(target: ProbeTarget, version: string): Promise<Probed> {
  try {
    return { tools: await toolsOf(target, version), version };
  } catch (error) {
    const refusal = refusalBehind(error);
    const other = refusal && otherVersion(refusal, version);
    if (other === undefined) throw error;
    return { tools: await toolsOf(target, other), version: other };
  }
}

function refusalBehind(error: unknown): VersionRefusal | undefined {
  const cause = ConnectError.is(error) ? error.cause : undefined;
  return cause instanceof VersionRefusal ? cause : undefined;
}

async function toolsOf(target: ProbeTarget, version: string): Promise<readonly ToolSummary[]> {
  const session = new ProbeSession(target, version);
  try {
    if (version === statelessVersion) return await listTools(session);
    const { clientInfo } = target;
    const hello = { protocolVersion: version, capabilities, clientInfo };
    const { protocolVersion } = await session.request('initialize', hello);
    session.version = isVersion(protocolVersion) ? protocolVersion : version;
    return await listInitialized(session);
  } finally {
    session.end();
  }
}

/**
 * The notification is sent first and not waited for: that is one answer less to wait for. A server that
 * meets the list first may refuse it, and is asked again once it has heard.
 */
async function listInitialized(session: ProbeSession): Promise<readonly ToolSummary[]> {
  const initialized = session.notify('notifications/initialized');
  const listed = listTools(session);
  const [said, early] = await Promise.allSettled([initialized, listed]);
  if (said.status === 'rejected') throw said.reason;
  if (early.status === 'fulfilled') return early.value;
  if (refusalBehind(early.reason) === undefined) throw early.reason;
  return listTools(session);
}

/** It becomes a header. */
const isVersion = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.-]{1,32}$/.test(value);

async function listTools(session: ProbeSession): Promise<readonly ToolSummary[]> {
  let tools: readonly ToolSummary[] = [];
  let cursor: unknown;
  for (let page = 0; page < maxPages; page++) {
    const params = typeof cursor === 'string' ? { cursor } : {};
    const answer = await session.request('tools/list', params);
    tools = [...tools, ...toolSummaries(answer['tools'])].slice(0, maxTools);
    cursor = answer['nextCursor'];
    if (typeof cursor !== 'string' || tools.length === maxTools) break;
  }
  return tools;
}
