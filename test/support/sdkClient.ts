// The MCP client SDK on its own code: company sign-in, cross-app access and connection. Imports nothing of
// the product, so that the sandbox has a second opinion.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Client,
  CrossAppAccessProvider,
  discoverAndRequestJwtAuthGrant,
  discoverAuthorizationServerMetadata,
  exchangeAuthorization,
  startAuthorization,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { HttpBrowser } from './httpBrowser.ts';
import type { SandboxLine } from './sandbox.ts';

export type ServerLine = SandboxLine['servers'][number];
type ClientLine = SandboxLine['identityProvider']['clients'][number];

/** The SDK knows only client_secret_post in the exchange; the sandbox pairs like with like. */
function byPost(clients: readonly ClientLine[] | undefined) {
  const client = clients?.find((one) => one.clientAuthentication === 'client_secret_post');
  if (client?.clientSecret === undefined) throw new Error('the sandbox has no such client');
  const { clientId, clientSecret } = client;
  return { clientId, clientSecret };
}

class PostProvider extends CrossAppAccessProvider {
  override clientInformation() {
    return { ...super.clientInformation(), token_endpoint_auth_method: 'client_secret_post' };
  }
}

/** Signs `person` in at the company. @returns the ID token */
export async function sdkSignIn(
  { identityProvider }: SandboxLine,
  person: string,
): Promise<string> {
  const { issuer } = identityProvider;
  const { clientId, clientSecret } = byPost(identityProvider.clients);
  const metadata = await discoverAuthorizationServerMetadata(issuer);
  if (metadata === undefined) throw new Error('the identity provider has no metadata');
  const asked = {
    metadata,
    clientInformation: {
      client_id: clientId,
      client_secret: clientSecret,
      token_endpoint_auth_method: 'client_secret_post',
    },
  };
  const redirect = await startRedirect();
  try {
    const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, {
      ...asked,
      redirectUrl: redirect.url,
      scope: 'openid email',
      state: 'referee',
    });
    await new HttpBrowser().open(authorizationUrl.href, person);
    const { code, iss } = redirect.arrived();
    const tokens = await exchangeAuthorization(issuer, {
      ...asked,
      authorizationCode: code,
      iss,
      codeVerifier,
      redirectUri: redirect.url,
    });
    if (tokens.id_token === undefined) throw new Error('the sign-in brought no ID token');
    return tokens.id_token;
  } finally {
    redirect.close();
  }
}

async function startRedirect() {
  const seen: URL[] = [];
  const server = createServer((request, response) => {
    seen.push(new URL(request.url ?? '', 'http://127.0.0.1'));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    arrived: () => {
      const parameters = seen[0]?.searchParams;
      const [code, iss] = [parameters?.get('code'), parameters?.get('iss')];
      if (typeof code !== 'string' || typeof iss !== 'string') {
        throw new Error(`nobody came back: ${seen.join(' ')}`);
      }
      return { code, iss };
    },
    close: () => server.close(),
  };
}

/** A client connected to `server` with an ID-JAG of its own; the caller closes it. */
export async function sdkConnect(
  line: SandboxLine,
  server: ServerLine,
  idToken: string,
): Promise<Client> {
  const there = line.authorizationServers.find(
    ({ issuer }) => issuer === server.authorizationServer,
  );
  const provider = new PostProvider({
    ...byPost(there?.clients),
    expectedIssuer: server.authorizationServer,
    assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
      const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
        ...byPost(line.identityProvider.clients),
        idpUrl: line.identityProvider.issuer,
        audience: authorizationServerUrl,
        resource: resourceUrl,
        idToken,
        ...(scope === undefined ? {} : { scope }),
        fetchFn,
      });
      return jwtAuthGrant;
    },
  });
  const client = new Client({ name: 'referee', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(server.url), { authProvider: provider }),
  );
  return client;
}
