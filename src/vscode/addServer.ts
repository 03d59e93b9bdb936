// Enterprise MCP: Add Server… Nothing is written before everything found was shown, and no authorization
// server is asked that neither the catalogue nor the person names.
import type { Discovery, ResourceMetadata, ServerMetadata } from '../core/discovery/discovery.ts';
import { ConnectError } from '../core/errors.ts';
import {
  algorithmFor,
  offeredScopes,
  problemWith,
  problemWithLabel,
} from '../core/presets/answers.ts';
import { serverPresets } from '../core/presets/catalogue.ts';
import { serverFindings } from '../core/presets/findings.ts';
import { lookUpAuthorizationServer, lookUpResource, published } from '../core/presets/lookUp.ts';
import type { LookedUp } from '../core/presets/lookUp.ts';
import type { ServerPreset } from '../core/presets/presetSchema.ts';
import {
  freeId,
  profileStart,
  requireOwnProfile,
  serverEntry,
  withEntry,
} from '../core/presets/profileEdit.ts';
import type { ProfileStart } from '../core/presets/profileEdit.ts';
import { rowId } from '../core/present/row.ts';
import { explain } from '../core/present/sentences.ts';
import { hostOf } from '../core/url.ts';
import type { Actions } from './actions.ts';
import { addIdentityProvider } from './addIdentityProvider.ts';
import { chooseMethod, choosePreset, offerNext } from './profileEditing.ts';
import { review, writeProfile } from './profileEditing.ts';
import { inTurn, type Ask } from './questions.ts';
import { oneOf, someOf, text, type Choice } from './quickInput.ts';
import { readSettings } from './settings.ts';

const title = 'Add Server';

/**
 * A profile that names nobody to decide about servers gets its identity provider first.
 * @throws user.cancelled, profile.managed, profile.invalid
 */
export async function addServer(actions: Pick<Actions, 'overview' | 'discover'>): Promise<void> {
  requireOwnProfile(actions.overview());
  if (profileStart(readSettings().profile).identityProviders.length === 0) {
    await addIdentityProvider(actions);
  }
  const discovery = await actions.discover();
  const { entry, id, label, method, identityProvider } = await inTurn((ask) =>
    answers(ask, discovery),
  );
  // Read only now: somebody may have added another meanwhile.
  await writeProfile(withEntry(readSettings().profile, 'servers', entry));
  const isSignedIn = actions
    .overview()
    .people.some((one) => one.identityProvider === identityProvider && 'account' in one.session);
  void offerNext(label, method, {
    row: rowId.server(id),
    otherwise: isSignedIn ? undefined : 'signIn',
  });
}

async function answers(ask: Ask, discovery: Discovery) {
  const start = profileStart(readSettings().profile);
  const preset = await choosePreset(ask, title, {
    presets: serverPresets(),
    another: 'Another Server…',
  });
  const url = preset?.url ?? (await askUrl(ask));
  const issuer = preset?.authorizationServer ?? (await askIssuer(ask, discovery, url));
  const look = await askReview(ask, { discovery, preset, url, issuer });
  const identityProvider = await chooseIdentityProvider(ask, start);
  const clientId = await ask(
    text({
      title,
      prompt: `Client id of this extension at ${hostOf(issuer)}`,
      placeholder: 'As your administrator registered it there',
      problem: (entered) => problemWith('clientId', entered),
    }),
  );
  const method = await chooseMethod(ask, title, [preset, look.metadata]);
  const scopes = await chooseScopes(ask, preset, look.resource);
  const { ids, labels } = start.taken.servers;
  const label = await ask(
    text({
      title,
      prompt: 'Name of the server, as people and VS Code read it',
      placeholder: 'Tickets',
      value: preset?.label ?? hostOf(url),
      problem: (entered) => problemWithLabel(entered, labels),
    }),
  );
  const id = freeId(label, ids);
  const entry = serverEntry(preset, {
    ...{ id, label, url, identityProvider, clientId, scopes },
    authorizationServer: issuer,
    clientAuthentication: method,
    algorithm: algorithmFor(look.metadata),
    resource: look.publishesNothing ? url : undefined,
  });
  return { id, label, method, identityProvider, entry };
}

const askUrl = (ask: Ask): Promise<string> =>
  ask(
    text({
      title,
      prompt: 'URL of the MCP server',
      placeholder: 'https://mcp.acme.example/mcp',
      problem: (entered) => problemWith('url', entered),
    }),
  );

/** The person agrees before anybody is asked whom only the server names. */
async function askIssuer(ask: Ask, discovery: Discovery, url: string): Promise<string> {
  const other: Choice<string | undefined> = {
    label: 'Enter Another…',
    icon: 'edit',
    answer: undefined,
  };
  const chosen = await ask(
    oneOf<string | undefined>({
      title,
      busy: `Asking ${hostOf(url)} who guards it…`,
      placeholder: `Which authorization server does ${hostOf(url)} trust?`,
      choices: async (signal) => [
        ...issuerChoices(await lookUpResource(discovery, url, signal)),
        other,
      ],
    }),
  );
  return (
    chosen ??
    ask(
      text({
        title,
        prompt: "Issuer of the server's authorization server, exactly as its metadata says it",
        placeholder: 'https://auth.acme.example',
        problem: (entered) => problemWith('issuer', entered),
      }),
    )
  );
}

const issuerChoices = (resource: LookedUp<ResourceMetadata>): readonly Choice<string>[] =>
  'metadata' in resource
    ? resource.metadata.authorizationServers
        .filter((one) => problemWith('issuer', one) === undefined)
        .map((one) => ({ label: one, icon: 'shield', description: 'named by it', answer: one }))
    : [
        {
          label: 'The server says nothing',
          detail: sentenceOf(resource.failure),
          icon: 'question',
        },
      ];

const sentenceOf = ({ code, facts }: ConnectError): string => explain(code, { facts }).sentence;

interface Look {
  readonly resource: ResourceMetadata | undefined;
  readonly metadata: ServerMetadata | undefined;
  readonly publishesNothing: boolean;
}

const askReview = (
  ask: Ask,
  at: {
    readonly discovery: Discovery;
    readonly preset: ServerPreset | undefined;
    readonly url: string;
    readonly issuer: string;
  },
): Promise<Look> => {
  const { discovery, preset, url, issuer } = at;
  return ask(
    oneOf<Look>({
      title,
      busy: `Asking ${hostOf(url)} and ${hostOf(issuer)} what they offer…`,
      placeholder: `What ${hostOf(url)} offers`,
      choices: async (signal) => {
        const [resource, authorizationServer] = await Promise.all([
          lookUpResource(discovery, url, signal),
          lookUpAuthorizationServer(discovery, issuer, signal),
        ]);
        return review(serverFindings({ preset, resource, issuer, authorizationServer }), {
          resource: published(resource),
          metadata: published(authorizationServer),
          publishesNothing:
            'failure' in resource &&
            ConnectError.is(resource.failure, 'discovery.resourceMetadataMissing'),
        });
      },
    }),
  );
};

async function chooseIdentityProvider(
  ask: Ask,
  { identityProviders }: ProfileStart,
): Promise<string> {
  const [only] = identityProviders;
  if (only !== undefined && identityProviders.length === 1) return only.id;
  return ask(
    oneOf<string>({
      title,
      placeholder: 'Which company sign-in decides about this server?',
      choices: () =>
        identityProviders.map(({ id, label, issuer }) => ({
          label,
          description: hostOf(issuer),
          icon: 'organization',
          answer: id,
        })),
    }),
  );
}

/** Not asked where nobody knows any. */
async function chooseScopes(
  ask: Ask,
  preset: ServerPreset | undefined,
  resource: ResourceMetadata | undefined,
): Promise<readonly string[]> {
  const writes = preset?.entry?.writeScopes ?? [];
  const offered = offeredScopes(preset?.entry?.scopes ?? [], resource?.scopesSupported ?? []);
  const choices = offered.filter(({ scope }) => !writes.includes(scope));
  if (choices.length === 0) return [];
  return ask(
    someOf<string>({
      title,
      placeholder: 'Scopes to ask for first; fewer is safer',
      choices: choices.map(({ scope, picked }) => ({ label: scope, picked, answer: scope })),
    }),
  );
}
