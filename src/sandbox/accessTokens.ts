// Access tokens the authorization servers issued, looked up by the MCP servers they are for.
// Kept by hash: whoever reads this memory cannot use what is in it.
import { createHash, randomBytes } from 'node:crypto';

export interface AccessToken {
  readonly person: string;
  readonly clientId: string;
  readonly authorizationServer: string;
  readonly server: string;
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
  /** Thumbprint of the key it is bound to. */
  readonly jkt: string | undefined;
  /** When and how well the person had signed in. */
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
}

export interface AccessTokens {
  issue(token: AccessToken): string;
  /** The token's meaning while it is neither expired nor revoked. */
  find(value: string): AccessToken | undefined;
  /** Forgets every token that matches. @returns how many */
  revoke(matches: (token: AccessToken, is: (value: string) => boolean) => boolean): number;
  count(person: string): number;
}

const digest = (value: string): string => createHash('sha256').update(value).digest('base64url');

export function createAccessTokens(): AccessTokens {
  const tokens = new Map<string, AccessToken>();
  const live = ({ expiresAtMs }: AccessToken) => expiresAtMs > Date.now();
  function revoke(matches: Parameters<AccessTokens['revoke']>[0]): number {
    const gone = [...tokens].filter(([hash, token]) =>
      matches(token, (value) => digest(value) === hash),
    );
    for (const [hash] of gone) tokens.delete(hash);
    return gone.length;
  }
  return {
    issue(token) {
      revoke((old) => !live(old));
      const value = randomBytes(32).toString('base64url');
      tokens.set(digest(value), token);
      return value;
    },
    find(value) {
      const token = tokens.get(digest(value));
      return token !== undefined && live(token) ? token : undefined;
    },
    revoke,
    count: (person) =>
      [...tokens.values()].filter((token) => token.person === person && live(token)).length,
  };
}
