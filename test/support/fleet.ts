// A company with many servers, all of them alike and all granted to Alice.
import type { Setup } from '../../src/sandbox/setup.ts';

/** Authorization servers are shared evenly. */
export function fleet(count: { servers: number; authorizationServers: number }): Setup {
  const named = (name: string, index: number) => ({
    id: `${name}-${index + 1}`,
    label: `${name.charAt(0).toUpperCase()}${name.slice(1)} ${index + 1}`,
  });
  const authorizationServers = Array.from({ length: count.authorizationServers }, (_, index) =>
    named('guard', index),
  );
  return {
    authorizationServers,
    servers: Array.from({ length: count.servers }, (_, index) => {
      const server = named('server', index);
      const { id: authorizationServer } = named('guard', index % count.authorizationServers);
      return { ...server, authorizationServer, scopes: [`${server.id}:use`], people: ['alice'] };
    }),
  };
}
