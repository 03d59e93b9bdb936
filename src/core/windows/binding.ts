// The key that access to one server is bound to, as this window has it.
import type { OutboundLoader } from '../outbound.ts';
import type { SecretStore } from '../ports.ts';
import type { ServerProfile } from '../profile/profile.ts';
import type { Bind } from './accessMessage.ts';

export const bindTo =
  (
    server: Pick<ServerProfile, 'url'>,
    deps: { readonly outbound: OutboundLoader; readonly store: SecretStore },
  ): Bind =>
  async (parties) => {
    const { protocol, dpopKeys } = await deps.outbound.load();
    const key = await dpopKeys.at(parties, deps.store);
    const binding = { key, origin: new URL(server.url).origin, nonces: dpopKeys.nonces };
    return { binding, token: (secret) => protocol.dpopToken(secret, binding) };
  };
