// The versions of MCP spoken here, and how each is asked for. Invariant: which one a server speaks is found
// out only after it has let the request in: a challenge says nothing about it.

/** The version a session is asked for. */
export const sessionVersion = '2025-11-25';
/** The first version without sessions. */
export const statelessVersion = '2026-07-28';
/** Newest first. */
const known = [statelessVersion, sessionVersion, '2025-06-18', '2025-03-26'];

export const enterpriseExtension = 'io.modelcontextprotocol/enterprise-managed-authorization';

/** Of a client that speaks for an enterprise-managed connection. */
export const capabilities = { extensions: { [enterpriseExtension]: {} } };

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

/** Goes into every request without a session. @see MCP 2026-07-28 basic/versioning */
export const requestMeta = (clientInfo: ClientInfo): object => ({
  'io.modelcontextprotocol/protocolVersion': statelessVersion,
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  'io.modelcontextprotocol/clientInfo': clientInfo,
});

/** What a server answered instead of a result: the cause of the error that says so. */
export class VersionRefusal {
  readonly status: number;
  /** JSON-RPC error code, where the answer has one. */
  readonly rpcCode: unknown;
  /** Versions it says it speaks. */
  readonly supported: readonly unknown[];

  constructor(status: number, { code, data }: { code?: unknown; data?: unknown }) {
    const { supported } = (data ?? {}) as { supported?: unknown };
    this.status = status;
    this.rpcCode = code;
    this.supported = Array.isArray(supported) ? supported : [];
  }
}

const rpcCode = { unsupportedVersion: -32_022, methodNotFound: -32_601 };

/**
 * What to speak after `refusal` of `spoken`, undefined when it is not about versions.
 * @see MCP 2026-07-28 Streamable HTTP, backward compatibility
 */
export function otherVersion(refusal: VersionRefusal, spoken: string): string | undefined {
  const { status, supported } = refusal;
  if (refusal.rpcCode === rpcCode.unsupportedVersion) {
    return known.find((version) => version !== spoken && supported.includes(version));
  }
  const isUnknownMethod = status === 404 && refusal.rpcCode === rpcCode.methodNotFound;
  if (spoken === statelessVersion)
    return status === 400 || status === 404 ? sessionVersion : undefined;
  return status === 400 || isUnknownMethod ? statelessVersion : undefined;
}
