// Enterprise MCP: Add Identity Provider… Nothing is written before everything found was shown.
import {
  algorithmFor,
  issuerFrom,
  problemWith,
  problemWithLabel,
} from '../core/presets/answers.ts';
import { identityProviderPresets } from '../core/presets/catalogue.ts';
import { identityProviderFindings } from '../core/presets/findings.ts';
import { lookUpIdentityProvider, published } from '../core/presets/lookUp.ts';
import type { IdentityProviderPreset } from '../core/presets/presetSchema.ts';
import {
  freeId,
  identityProviderEntry,
  profileStart,
  requireOwnProfile,
  withEntry,
} from '../core/presets/profileEdit.ts';
import type { Discovery, ServerMetadata } from '../core/discovery/discovery.ts';
import { rowId } from '../core/present/row.ts';
import { hostOf } from '../core/url.ts';
import type { Actions } from './actions.ts';
import { chooseMethod, choosePreset, offerNext } from './profileEditing.ts';
import { review, writeProfile } from './profileEditing.ts';
import { inTurn, type Ask } from './questions.ts';
import { oneOf, text } from './quickInput.ts';
import { readSettings } from './settings.ts';

const title = 'Add Identity Provider';

/** @throws user.cancelled, profile.managed, profile.invalid */
export async function addIdentityProvider(
  actions: Pick<Actions, 'overview' | 'discover'>,
): Promise<void> {
  requireOwnProfile(actions.overview());
  const discovery = await actions.discover();
  const { profile, id, label, method } = await inTurn((ask) => answers(ask, discovery));
  await writeProfile(profile);
  // Somebody to sign in, and nothing to connect to.
  const otherwise = actions.overview().connections.length === 0 ? 'addServer' : 'signIn';
  void offerNext(label, method, { row: rowId.person(id), otherwise });
}

async function answers(ask: Ask, discovery: Discovery) {
  const preset = await choosePreset(ask, title, {
    presets: identityProviderPresets(),
    another: 'Another Identity Provider…',
  });
  const issuer = await askIssuer(ask, preset);
  const metadata = await askReview(ask, { discovery, preset, issuer });
  const clientId = await ask(
    text({
      title,
      prompt: `Client id of this extension at ${hostOf(issuer)}`,
      placeholder: 'enterprise-mcp, as your administrator registered it',
      problem: (entered) => problemWith('clientId', entered),
    }),
  );
  const method = await chooseMethod(ask, title, [preset, metadata]);
  const { label, organization, id } = await askNames(ask, preset?.label ?? hostOf(issuer));
  const entry = identityProviderEntry(preset, {
    ...{ id, label, issuer, clientId, clientAuthentication: method },
    algorithm: algorithmFor(metadata),
    deviceCodeOnly: onlyCodes(metadata),
  });
  const raw = readSettings().profile;
  return { id, label, method, profile: withEntry(raw, 'identityProviders', entry, organization) };
}

async function askIssuer(ask: Ask, preset: IdentityProviderPreset | undefined): Promise<string> {
  const {
    ask: prompt,
    example,
    pattern,
  } = preset?.issuer ?? {
    ask: 'Issuer of the identity provider, exactly as its metadata says it',
    example: 'https://login.acme.example',
  };
  const entered = await ask(
    text({
      title,
      prompt,
      placeholder: example,
      problem: (value) =>
        issuerFrom(preset, value) === undefined
          ? pattern === undefined
            ? (problemWith('issuer', value) ?? 'It must be an issuer.')
            : `It must be a domain such as ${example}.`
          : undefined,
    }),
  );
  return issuerFrom(preset, entered) ?? entered;
}

const askReview = (
  ask: Ask,
  found: {
    readonly discovery: Discovery;
    readonly preset: IdentityProviderPreset | undefined;
    readonly issuer: string;
  },
): Promise<ServerMetadata | undefined> => {
  const { discovery, preset, issuer } = found;
  return ask(
    oneOf<ServerMetadata | undefined>({
      title,
      busy: `Asking ${hostOf(issuer)} what it offers…`,
      placeholder: `What ${hostOf(issuer)} offers`,
      choices: async (signal) => {
        const metadata = await lookUpIdentityProvider(discovery, issuer, signal);
        const findings = identityProviderFindings({ preset, issuer, metadata });
        return review(findings, published(metadata));
      },
    }),
  );
};

async function askNames(ask: Ask, suggestion: string) {
  const { organization, taken } = profileStart(readSettings().profile);
  const named =
    organization === undefined
      ? await ask(
          text({
            title,
            prompt: 'Name of your company, as people say it',
            placeholder: 'Acme',
            problem: (entered) => problemWith('organization', entered),
          }),
        )
      : undefined;
  const { ids, labels } = taken.identityProviders;
  const label = await ask(
    text({
      title,
      prompt: 'Name of this sign-in, as people read it',
      placeholder: suggestion,
      value: suggestion,
      problem: (entered) => problemWithLabel(entered, labels),
    }),
  );
  return { label, organization: named, id: freeId(label, ids) };
}

const onlyCodes = (metadata: ServerMetadata | undefined): boolean =>
  metadata !== undefined &&
  metadata.authorization_endpoint === undefined &&
  metadata.device_authorization_endpoint !== undefined;
