// Device authorization grant, for where a browser cannot come back: the person enters a code on any device,
// and we ask until the identity provider knows. Polled here, because the library waits by timers of its own.
import * as oauth from 'openid-client';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import { delay } from '../delay.ts';
import { ConnectError } from '../errors.ts';
import { fromOAuth } from '../http/oauthError.ts';
import type { ShowCode, SignInCode } from '../ports.ts';
import type { SignInAttempt } from './signIn.ts';
import { isOutage } from '../connection/state.ts';
import type { TokenAnswer } from './tokenEndpoint.ts';
import { hostOf, isSecureUrl } from '../url.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
/** Where the answer names none, and what `slow_down` adds, seconds. @see RFC 8628 §3.2, §3.5 */
const intervalSec = 5;
/** Nobody is waited for longer, whatever the identity provider says, seconds. */
const longestSec = 1_800;

/**
 * @throws user.cancelled, user.timedOut, identityProvider.deviceCodeNotOffered,
 *   identityProvider.signInRefused, identityProvider.*, network.*
 * @see RFC 8628
 */
export async function signInWithCode(
  attempt: SignInAttempt,
  showCode: ShowCode,
): Promise<TokenAnswer> {
  const device = await begin(attempt);
  const lifeMs = Math.min(device.expires_in, longestSec) * 1000;
  const failed = new AbortController();
  const code = codeOf(device, attempt.clock.now() + lifeMs);
  const shown = Promise.resolve().then(() => showCode(code));
  shown.catch((error: unknown) => {
    failed.abort(ConnectError.from(error));
  });
  const polling = { ...attempt, signal: AbortSignal.any([attempt.signal, failed.signal]) };
  return poll(polling, device, attempt.clock.monotonic() + lifeMs);
}

type DeviceAnswer = Awaited<ReturnType<typeof oauth.initiateDeviceAuthorization>>;

async function begin(attempt: SignInAttempt): Promise<DeviceAnswer> {
  const { metadata, registration, fetch, scopes, wished } = attempt;
  const facts = { host: hostOf(metadata.issuer) };
  if (metadata.device_authorization_endpoint === undefined) {
    throw new ConnectError('identityProvider.deviceCodeNotOffered', facts);
  }
  const client = createOAuthClient(metadata, registration, fetch);
  const device = await oauth
    .initiateDeviceAuthorization(client, { ...wished, scope: scopes.join(' ') })
    .catch((error: unknown) => {
      throw fromOAuth(error, 'signIn', facts);
    });
  const { verification_uri: uri, verification_uri_complete: complete = uri } = device;
  const refuse = (reason: string): never => {
    throw new ConnectError('identityProvider.responseInvalid', { ...facts, reason });
  };
  // Opened in the person's browser, and shown to them.
  const isSafe = isSecureUrl(uri, 'browser') && isSecureUrl(complete, 'browser');
  if (!isSafe) refuse('verification_uri must be an https URL');
  if (!/^[\x20-\x7e]{1,64}$/.test(device.user_code)) refuse('user_code cannot be shown');
  return device;
}

const codeOf = (device: DeviceAnswer, expiresAtMs: number): SignInCode => ({
  userCode: device.user_code,
  verificationUri: device.verification_uri,
  ...(device.verification_uri_complete === undefined
    ? {}
    : { verificationUriComplete: device.verification_uri_complete }),
  expiresAtMs,
});

async function poll(
  attempt: SignInAttempt,
  device: DeviceAnswer,
  endsAtMs: number,
): Promise<TokenAnswer> {
  const { clock, fetch, signal } = attempt;
  for (let waitSec = Math.max(device.interval ?? intervalSec, 1); ;) {
    await delay(Math.min(waitSec * 1000, endsAtMs - clock.monotonic()), clock, signal);
    if (clock.monotonic() >= endsAtMs) throw new ConnectError('user.timedOut');
    try {
      return await attempt.ask({
        leg: 'signIn',
        fetch,
        run: (client) =>
          oauth.genericGrantRequest(client, grantType, { device_code: device.device_code }),
      });
    } catch (error) {
      waitSec = nextWaitSec(ConnectError.from(error), waitSec);
    }
  }
}

/** How long to wait before asking again. @throws what ends the waiting */
function nextWaitSec(error: ConnectError, waitSec: number): number {
  const { oauthError, retryAfterSec = 0 } = error.facts;
  switch (oauthError) {
    case 'authorization_pending':
      return waitSec;
    case 'slow_down':
      return waitSec + intervalSec;
    case 'expired_token':
      throw new ConnectError('user.timedOut', error.facts, { cause: error });
    default:
      // RFC 8628 §3.5: without an answer, ask less often.
      if (isOutage(error.code)) return Math.max(waitSec * 2, retryAfterSec);
      throw error;
  }
}
