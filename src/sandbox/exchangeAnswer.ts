// The answer to a token exchange: its members as vendors have them, and the ways it can be hostile.
// @see RFC 8693 §2.2.1
import { Readable } from 'node:stream';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { plainIdJagSeconds } from './idJag.ts';
import type { IdentityProviderSetup, IdentityProviderTampering } from './setup.ts';

export const idJagTokenType = 'urn:ietf:params:oauth:token-type:id-jag';

export interface Exchanged {
  readonly idJag: string;
  readonly scope: string;
  readonly resource: string;
  /** Successor of the refresh token that was the subject. */
  readonly refreshToken: string | undefined;
}

export function exchangeAnswer(
  { idJag, scope, resource, refreshToken }: Exchanged,
  setup: IdentityProviderSetup,
): Readonly<Record<string, unknown>> {
  const { tampering } = setup;
  return {
    issued_token_type:
      tampering === 'answerIssuedTokenTypeWrong'
        ? 'urn:ietf:params:oauth:token-type:access_token'
        : idJagTokenType,
    access_token: idJag,
    token_type: setup.answerTokenType ?? 'N_A',
    ...(setup.answerHasExpiresIn === false
      ? {}
      : { expires_in: setup.idJagSeconds ?? plainIdJagSeconds }),
    ...(setup.answerHasScope === false
      ? {}
      : { scope: tampering === 'answerMoreScopes' ? `${scope} admin:everything` : scope }),
    ...(setup.answerHasResource === true ? { resource } : {}),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  };
}

/** Puts an answer on the wire that no honest party would send, where the set-up wants one. */
export function spoilAnswer(
  ctx: KoaContextWithOIDC,
  tampering: IdentityProviderTampering | undefined,
  issuer: string,
): void {
  switch (tampering) {
    case 'answerOversized':
      ctx.body = { ...(ctx.body as object), padding: 'x'.repeat(4 * 1024 * 1024) };
      break;
    case 'answerNeverEnds':
      ctx.type = 'application/json';
      ctx.body = Readable.from(drops());
      break;
    case 'answerNotJson':
      ctx.type = 'application/json';
      ctx.body = '{"access_token": ';
      break;
    case 'answerRedirects':
      ctx.status = 307;
      ctx.set('location', new URL('/elsewhere', issuer).href);
      break;
    default:
  }
}

/** White space that JSON allows, for as long as somebody listens. */
async function* drops(): AsyncGenerator<string> {
  for (;;) {
    yield ' ';
    await new Promise((resolve) => setTimeout(resolve, 200).unref());
  }
}
