// A sign-in that is not strong or not recent enough, and one that is made to be.
// @see RFC 9470
import { interactionPolicy } from 'oidc-provider';
import { Refusal } from './refusal.ts';
import type { Subject } from './subjectToken.ts';

export interface Strength {
  readonly acr?: string;
  readonly maxAgeSec?: number;
}

/** @throws Refusal that says what a sign-in must reach */
export function requireStrength(subject: Subject, needed: Strength | undefined): void {
  const { acr, maxAgeSec } = needed ?? {};
  const ageSec = Date.now() / 1000 - (subject.authTime ?? 0);
  const strong = acr === undefined || subject.acr === acr;
  const recent = maxAgeSec === undefined || ageSec <= maxAgeSec;
  if (strong && recent) return;
  throw new Refusal(
    {
      error: 'insufficient_user_authentication',
      description: 'this server needs a stronger or more recent sign-in',
    },
    {
      ...(acr === undefined ? {} : { acr_values: acr }),
      ...(maxAgeSec === undefined ? {} : { max_age: maxAgeSec }),
    },
  );
}

/** Asks people again when an application wants more than their session has. */
export function strengthCheck(): InstanceType<typeof interactionPolicy.Check> {
  return new interactionPolicy.Check(
    'acr_values',
    'a stronger sign-in is required',
    'login_required',
    ({ oidc }) => {
      const { acr_values: wanted } = oidc.params as { acr_values?: string };
      if (wanted === undefined || oidc.result?.login !== undefined) return false;
      return !wanted.split(' ').includes(oidc.session?.acr ?? '');
    },
  );
}
