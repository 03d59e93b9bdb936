// Which scopes an exchange grants, and how the identity provider says that it does not.
import { errors } from 'oidc-provider';
import type { ServerEntry } from './catalogue.ts';
import type { Policy } from './policy.ts';
import { Refusal } from './refusal.ts';
import type { IdentityProviderSetup } from './setup.ts';

export function grantedScope(
  { policy, setup }: { readonly policy: Policy; readonly setup: IdentityProviderSetup },
  { person, server, asked }: { person: string; server: ServerEntry; asked: string | undefined },
): string {
  const allowed = policy.scopesOf(person, server.id);
  if (allowed.length === 0) {
    const description = `no grant for ${server.label}`;
    throw new Refusal({ error: 'access_denied', description, ...setup.notGranted });
  }
  if (setup.scopeMandatory === true && asked === undefined) {
    throw new errors.InvalidScope('scope is missing', '');
  }
  const wanted = asked?.split(' ') ?? allowed;
  const granted = allowed.filter((scope) => wanted.includes(scope));
  // A vendor with an answer of its own refuses all for one scope; the plain one gives what it can.
  const tooMuch = setup.scopeNotGranted !== undefined && granted.length < new Set(wanted).size;
  if (granted.length === 0 || tooMuch) {
    const description = 'none of these scopes is granted';
    throw new Refusal({ error: 'invalid_scope', description, ...setup.scopeNotGranted });
  }
  const { narrowsTo } = setup;
  return granted.filter((scope) => narrowsTo?.includes(scope) ?? true).join(' ');
}
