// What stands between this computer and the others, and what they publish about themselves.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { inTheWay, type Asking, type Provocation } from './scene.ts';

export const network = {
  'network.unreachable': ({ atSignIn }) =>
    // A name that is reserved for never being one (RFC 6761 §6.4).
    atSignIn({}, { profile: { identityProvider: { issuer: 'https://idp.invalid' } } }),

  'network.tls': async ({ atSignIn, onEnd }) => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'proxy.example' }]);
    const server = createServer({ key, cert }, (_, response) => response.end('{}'));
    onEnd(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const issuer = `https://127.0.0.1:${port}`;
    return atSignIn({}, { profile: { identityProvider: { issuer } } });
  },

  'network.captivePortal': ({ atSignIn }) =>
    atSignIn(
      {},
      {
        circumstances: {
          fetch: inTheWay(
            () => true,
            () =>
              new Response('<h1>Welcome to the hotel</h1>', {
                headers: { 'content-type': 'text/html' },
              }),
          ),
        },
      },
    ),

  'network.clockSkew': ({ atSignIn }) => atSignIn({ identityProvider: { clockOffsetSec: -900 } }),
} satisfies Readonly<Record<string, Provocation>>;

export const discovery = {
  'discovery.resourceMetadataMissing': ({ atServer }) =>
    atServer({ server: { metadataAt: 'nowhere' } }),

  'discovery.resourceMismatch': ({ atServer }) =>
    atServer(
      { server: { resource: 'origin' } },
      { profile: { servers: { resourceMatch: 'exact' } } },
    ),

  'discovery.authorizationServerNotListed': ({ atServer }) =>
    atServer({}, publishing({ authorization_servers: ['https://guard.example'] })),

  'discovery.metadataMissing': ({ atServer }) => atServer({ guard: { metadataAt: 'nowhere' } }),

  'discovery.issuerMismatch': ({ atServer }) =>
    atServer({ guard: { claimsIssuer: 'https://guard.example' } }),

  'discovery.metadataInvalid': ({ atServer }) =>
    atServer({}, publishing({ authorization_servers: 'https://guard.example' })),

  'discovery.enterpriseNotSupported': ({ atServer }) =>
    atServer({ guard: { advertisesProfile: false, advertisesGrant: false } }),
} satisfies Readonly<Record<string, Provocation>>;

/** The server says this of itself (RFC 9728). */
function publishing(metadata: object): Asking {
  const fetch = inTheWay(
    ({ pathname }) => pathname.startsWith('/.well-known/oauth-protected-resource'),
    ({ origin }) => Response.json({ resource: `${origin}/mcp`, ...metadata }),
  );
  return { circumstances: { fetch } };
}
