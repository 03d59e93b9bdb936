// A sign-in with a code, in words.
import type { SignInCode } from '../ports.ts';
import { hostOf } from '../url.ts';
import { cleanText } from './plainText.ts';

/** The code, where it goes and how long it is good for, e.g. "Enter WDJB-MJHT at acme.com within 9 minutes." */
export function codeWords(
  { userCode, verificationUri, expiresAtMs }: SignInCode,
  nowMs: number,
): string {
  const minutes = Math.floor((expiresAtMs - nowMs) / 60_000);
  const left = minutes < 1 ? 'a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return `Enter ${cleanText(userCode, 64)} at ${cleanText(hostOf(verificationUri))} within ${left}.`;
}
