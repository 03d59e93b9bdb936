// Where metadata is published. @see RFC 8414 §3.1, RFC 9728 §3.1, OpenID Connect Discovery §4

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** `/.well-known/<name>` inserted before the path of `url`. */
function inserted(url: string, name: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}/.well-known/${name}${withoutSlash(pathname)}`;
}

const appended = (issuer: string): string =>
  `${withoutSlash(issuer)}/.well-known/openid-configuration`;

const once = (places: readonly string[]): readonly string[] => [...new Set(places)];

/** Of an authorization server, in the order of MCP's authorization server discovery. */
export const authorizationServerPlaces = (issuer: string): readonly string[] =>
  once([
    inserted(issuer, 'oauth-authorization-server'),
    inserted(issuer, 'openid-configuration'),
    appended(issuer),
  ]);

/** Of an OpenID Provider: its own form first. */
export const identityProviderPlaces = (issuer: string): readonly string[] =>
  once([appended(issuer), ...authorizationServerPlaces(issuer)]);

export const resourcePlace = (resource: string): string =>
  inserted(resource, 'oauth-protected-resource');

/** Where a host speaks for `url`: for its path, then for everything. */
export const hostPlaces = (url: string): readonly [string, string] => [
  resourcePlace(url),
  resourcePlace(new URL(url).origin),
];
