// The vendors we know, a file each. Loaded when somebody adds one and never before.
import * as v from 'valibot';
import auth0 from './identityProviders/auth0.json' with { type: 'json' };
import descope from './identityProviders/descope.json' with { type: 'json' };
import entra from './identityProviders/entra.json' with { type: 'json' };
import google from './identityProviders/google.json' with { type: 'json' };
import keycloak from './identityProviders/keycloak.json' with { type: 'json' };
import okta from './identityProviders/okta.json' with { type: 'json' };
import ping from './identityProviders/ping.json' with { type: 'json' };
import stytch from './identityProviders/stytch.json' with { type: 'json' };
import workos from './identityProviders/workos.json' with { type: 'json' };
import asana from './servers/asana.json' with { type: 'json' };
import atlassian from './servers/atlassian.json' with { type: 'json' };
import canva from './servers/canva.json' with { type: 'json' };
import figma from './servers/figma.json' with { type: 'json' };
import granola from './servers/granola.json' with { type: 'json' };
import linear from './servers/linear.json' with { type: 'json' };
import posthog from './servers/posthog.json' with { type: 'json' };
import slack from './servers/slack.json' with { type: 'json' };
import supabase from './servers/supabase.json' with { type: 'json' };
import {
  identityProviderPresetSchema,
  serverPresetSchema,
  type IdentityProviderPreset,
  type ServerPreset,
} from './presetSchema.ts';

export function identityProviderPresets(): readonly IdentityProviderPreset[] {
  const files: readonly unknown[] = [
    auth0,
    descope,
    entra,
    google,
    keycloak,
    okta,
    ping,
    stytch,
    workos,
  ];
  return byUse(files.filter((one) => v.is(identityProviderPresetSchema, one)));
}

export function serverPresets(): readonly ServerPreset[] {
  const files: readonly unknown[] = [
    asana,
    atlassian,
    canva,
    figma,
    granola,
    linear,
    posthog,
    slack,
    supabase,
  ];
  return byUse(files.filter((one) => v.is(serverPresetSchema, one)));
}

/** Those that work today first. */
const byUse = <T extends { readonly label: string; readonly status: string }>(
  presets: readonly T[],
): readonly T[] =>
  presets.toSorted(
    (a, b) => Number('instead' in a) - Number('instead' in b) || a.label.localeCompare(b.label),
  );
