// Which metadata a failure makes suspect: an endpoint moves while we still know its old address.
import type { ClientAuthenticationMethod } from '../client/clientRegistration.ts';
import type { ConnectError } from '../errors.ts';

type Party = 'identityProvider' | 'authorizationServer';

/** "Nothing here", by HTTP status. */
const goneStatus: readonly (number | undefined)[] = [404, 405, 410];

/** Whose metadata to look at again; undefined when the failure says nothing about an address. */
export function staleIssuer(
  { code, facts }: ConnectError,
  methods: Readonly<Record<Party, ClientAuthenticationMethod>>,
): Party | undefined {
  const party = partyOf(code);
  if (party === undefined) return undefined;
  const isGone =
    facts.systemCode === 'ECONNREFUSED' ||
    (facts.oauthError === undefined && goneStatus.includes(facts.status));
  // An assertion names whom it is for: the issuer, or the endpoint we know.
  const isMisdirected =
    facts.oauthError === 'invalid_client' && methods[party] === 'private_key_jwt';
  return isGone || isMisdirected ? party : undefined;
}

function partyOf(code: string): Party | undefined {
  if (code.startsWith('redemption.')) return 'authorizationServer';
  return /^(exchange|identityProvider)\./.test(code) ? 'identityProvider' : undefined;
}
