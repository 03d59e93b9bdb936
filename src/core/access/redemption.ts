// Trading an ID-JAG for an access token at the server's authorization server.
import type { ServerMetadata } from 'openid-client';
import { bearerToken, type AccessToken } from './accessToken.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { dpopToken, type DpopBinding } from './dpopToken.ts';
import { ConnectError, type Facts } from '../errors.ts';
import {
  grantedScopes,
  namesOnly,
  requestGrant,
  scopeParameter,
  type GrantDeps,
} from './grantRequest.ts';
import type { IdJag } from './idJag.ts';
import { Secret } from '../secret.ts';
import { marginMs } from '../connection/tokenBroker.ts';
import { hostOf } from '../url.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** The same grant for a proven key, where an authorization server has a name of its own for it (J27). */
const jwtDpop = 'urn:ietf:params:oauth:grant-type:jwt-dpop';

export interface RedemptionRequest {
  readonly authorizationServer: ServerMetadata;
  readonly client: ClientRegistration;
  readonly idJag: Pick<IdJag, 'assertion' | 'scopes' | 'jtiHash'>;
  readonly resource: string;
  readonly sendResource: boolean;
  /** The access must be bound like this. */
  readonly binding?: DpopBinding | undefined;
}

export interface RedeemedToken {
  readonly token: AccessToken;
  readonly scopes: readonly string[];
  /** Seconds from receipt, when the server said so. */
  readonly expiresInSec: number | undefined;
}

/**
 * Trades the ID-JAG for an access token; asked once, for exactly the scopes the ID-JAG grants.
 * @throws redemption.*, network.*, profile.invalid
 * @see RFC 7523 §2.1, draft-ietf-oauth-identity-assertion-authz-grant §4.4
 */
export async function redeemIdJag(
  request: RedemptionRequest,
  deps: GrantDeps,
): Promise<RedeemedToken> {
  const { authorizationServer, idJag, resource, binding } = request;
  const { answer, facts } = await requestGrant(
    {
      leg: 'redemption',
      metadata: authorizationServer,
      client: request.client,
      grantType: binding === undefined ? jwtBearer : boundGrantType(authorizationServer),
      parameters: {
        assertion: idJag.assertion.reveal(),
        resource: request.sendResource ? resource : undefined,
        scope: scopeParameter(idJag.scopes),
      },
      proof: binding?.key,
      facts: {
        host: hostOf(authorizationServer.token_endpoint ?? authorizationServer.issuer),
        audience: authorizationServer.issuer,
        resource,
        scopes: idJag.scopes.join(' '),
        ...(idJag.jtiHash === undefined ? {} : { jtiHash: idJag.jtiHash }),
      },
    },
    deps,
  );
  const { expires_in: expiresInSec } = answer;
  if (answer['resource'] !== undefined && !namesOnly(answer['resource'], resource)) {
    throw invalid(facts, 'the answer is for another resource');
  }
  if (expiresInSec !== undefined && expiresInSec * 1000 <= marginMs) {
    // It could never be sent, and every call would ask for another.
    throw invalid(facts, 'it ends at once');
  }
  const scopes = grantedScopes(idJag.scopes, [answer.scope], { leg: 'redemption', facts });
  const secret = new Secret(answer.access_token);
  return { token: typedToken(secret, answer.token_type, { binding, facts }), scopes, expiresInSec };
}

/** A bound token sent as Bearer would be refused, or worse, accepted; and the reverse. */
function typedToken(
  secret: Secret,
  type: string,
  { binding, facts }: { binding: DpopBinding | undefined; facts: Facts },
): AccessToken {
  if (binding === undefined) {
    if (type !== 'bearer') throw invalid(facts, 'not a Bearer answer');
    return bearerToken(secret);
  }
  if (type !== 'dpop') throw new ConnectError('redemption.bindingMissing', facts);
  return dpopToken(secret, binding);
}

const boundGrantType = ({ grant_types_supported: offered = [] }: ServerMetadata): string =>
  offered.includes(jwtDpop) && !offered.includes(jwtBearer) ? jwtDpop : jwtBearer;

const invalid = (facts: Facts, reason: string): ConnectError =>
  new ConnectError('redemption.answerInvalid', { ...facts, reason });
