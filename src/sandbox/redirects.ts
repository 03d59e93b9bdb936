// Where the identity provider may send a browser back to. Paths and ports of a native client are not
// known before it asks (RFC 8252 §7.3), so a rule stands in for a list.
import { isLoopbackName } from './loopback.ts';

/** VS Code and its relatives, as the operating system knows them. */
const editors = new Set(['vscode:', 'vscode-insiders:', 'vscodium:', 'code-oss:']);
const extension = 'enterprise-mcp.enterprise-mcp';

/** What the registrations say; `isRedirectAllowed` is what counts. */
export const registeredRedirects = ['http://127.0.0.1/callback', 'https://vscode.dev/redirect'];

/** @see RFC 8252 §7 */
export function isRedirectAllowed(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || value.includes('#'))
    return false;
  if (editors.has(url.protocol)) return url.host === extension && url.pathname === '/callback';
  if (url.protocol === 'http:') {
    return isLoopbackName(url.hostname) && url.pathname.endsWith('/callback');
  }
  return value === 'https://vscode.dev/redirect';
}

/** After signing out: any page of this computer, or the same places as above. */
export function isPostLogoutRedirectAllowed(value: string): boolean {
  const url = URL.parse(value);
  if (url?.protocol === 'http:' && url.username === '' && isLoopbackName(url.hostname)) return true;
  return isRedirectAllowed(value);
}
