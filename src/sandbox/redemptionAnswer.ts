// The answer to a redemption: its members as vendors have them, and the ways it can be hostile.
// @see RFC 6749 §5.1
import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import type { Redeemed } from './redemption.ts';
import type { AuthorizationServerSetup } from './setup.ts';

export interface Issued {
  readonly accessToken: string;
  readonly expiresInSec: number;
  readonly redeemed: Redeemed;
}

export function redemptionAnswer(
  { accessToken, expiresInSec, redeemed }: Issued,
  setup: AuthorizationServerSetup,
): Readonly<Record<string, unknown>> {
  const { scopes, resource, jkt } = redeemed;
  const scope = scopes.join(' ');
  const otherResource = setup.tampering === 'answerOtherResource';
  return {
    access_token: accessToken,
    token_type: setup.answerTokenType ?? (jkt === undefined ? 'Bearer' : 'DPoP'),
    ...(setup.answerHasExpiresIn === false ? {} : { expires_in: expiresInSec }),
    ...(setup.answerHasScope === false
      ? {}
      : { scope: setup.tampering === 'answerMoreScopes' ? `${scope} admin:everything` : scope }),
    ...(setup.answerHasResource === true ? { resource } : {}),
    ...(otherResource ? { resource: 'https://elsewhere.example/mcp' } : {}),
    ...(setup.answerRefreshToken === true
      ? { refresh_token: randomBytes(32).toString('base64url') }
      : {}),
  };
}

/** Sends an answer, or what no honest party would send, where the set-up wants that. */
export function sendAnswer(
  response: Response,
  answer: Readonly<Record<string, unknown>>,
  tampering: AuthorizationServerSetup['tampering'],
): void {
  switch (tampering) {
    case 'answerOversized':
      response.json({ ...answer, padding: 'x'.repeat(4 * 1024 * 1024) });
      break;
    case 'answerNeverEnds': {
      response.type('json').writeHead(200);
      const drop = setInterval(() => response.write(' '), 200).unref();
      response.once('close', () => {
        clearInterval(drop);
      });
      break;
    }
    case 'answerNotJson':
      response.type('json').send('{"access_token": ');
      break;
    case 'answerRedirects':
      response.redirect(307, '/elsewhere');
      break;
    default:
      response.json(answer);
  }
}
