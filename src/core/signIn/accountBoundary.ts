// Which accounts of an identity provider an organization lets in: one may also issue personal accounts, or
// those of other companies.
import { ConnectError } from '../errors.ts';
import type { Account } from '../overview.ts';
import type { AccountBoundary } from '../profile/profile.ts';

/** What an ID token says about where its account belongs; lower case. */
export interface Membership {
  /** Of `email`; empty for one that is not said to be verified. */
  readonly emailDomain?: string | undefined;
  /** `hd` */
  readonly hostedDomain?: string | undefined;
  /** `tid`, `tenant` */
  readonly tenant?: string | undefined;
}

export function membershipOf(claims: Readonly<Record<string, unknown>>): Membership {
  const email = textOf(claims['email']);
  // Anybody can enter somebody else's address where nobody verifies it; silence is no verification.
  const isVerified = [true, 'true'].some((yes) => claims['email_verified'] === yes);
  return {
    emailDomain: isVerified ? email?.slice(email.lastIndexOf('@') + 1) : '',
    hostedDomain: textOf(claims['hd']),
    tenant: textOf(claims['tid']) ?? textOf(claims['tenant']),
  };
}

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' && claim !== '' ? claim.toLowerCase() : undefined;

/** Why this account may not sign in; nothing known of it fits nothing. */
export function refusalOf(
  boundary: AccountBoundary,
  account: Account,
  { emailDomain = '', hostedDomain, tenant }: Membership,
): ConnectError | undefined {
  const { emailDomains } = boundary;
  const wanted = [boundary.hostedDomain, boundary.tenant].map((value) => value?.toLowerCase());
  const isInside =
    (emailDomains.length === 0 || emailDomains.includes(emailDomain)) &&
    [hostedDomain, tenant].every((one, at) => wanted[at] === undefined || wanted[at] === one);
  if (isInside) return undefined;
  return new ConnectError('identityProvider.accountNotAllowed', {
    actual: account.label,
    expected: `an account of ${describe(boundary)}`,
  });
}

function describe({ emailDomains, hostedDomain, tenant }: AccountBoundary): string {
  if (emailDomains.length > 0) return emailDomains.join(' or ');
  return hostedDomain ?? `the tenant ${tenant ?? ''}`;
}
