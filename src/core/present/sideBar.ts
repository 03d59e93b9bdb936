// The rows of the side bar, as data; loaded when somebody looks. Invariant: pure; every word a person reads is here or in the
// files this one imports, so all of it is tested without an editor.
import { byNeed } from './attention.ts';
import { viewState } from './view.ts';
import { connectionRow } from './connectionRow.ts';
import { clockTime, type Now } from './moment.ts';
import { agentHostRows, type EditorRules } from './editorRules.ts';
import type { Overview, PersonSnapshot, ProfileProblem } from '../overview.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { rowId, type Row } from './row.ts';
import { explain } from './sentences.ts';
import type { PresentContext } from './stateWords.ts';

/** The roots of the side bar; none where a welcome says everything. */
export function overviewRows(
  overview: Overview,
  now: Now,
  editor: EditorRules = nothingInTheWay,
): readonly Row[] {
  const problems = overview.problems.map((problem, index) => problemRow(problem, index, overview));
  if (overview.organization === undefined) return problems;
  if (viewState(overview) !== 'ready' && problems.length === 0) return [];
  const { organization, managed } = overview;
  const context = { ...now, organization, managed, blockOf: editor.blockOf };
  const people = overview.people.map((person) => personRow(person, overview, context));
  const rows = [...problems, ...people, ...agentHostRows(overview, editor)];
  return [organizationRow(overview, rows)];
}

const nothingInTheWay: EditorRules = { blockOf: () => undefined, usesAgentHost: false };

function organizationRow(overview: Overview, children: readonly Row[]): Row {
  const label = cleanText(overview.organization ?? '');
  const source = overview.managed ? 'set up by your administrator' : 'set up in your settings';
  return {
    id: rowId.organization,
    label,
    description: source,
    icon: 'organization',
    tooltip: [`**${escapeMarkdown(label)}**, ${source}`],
    contextValue: 'organization',
    accessibilityLabel: `${label}, ${source}`,
    children,
    expanded: true,
  };
}

/** One mistake in the profile. */
export function problemRow(
  problem: ProfileProblem,
  index: number,
  { organization, managed }: Pick<Overview, 'organization' | 'managed'>,
): Row {
  const { code, key, reason } = problem;
  const { sentence, action } = explain(code, {
    organization,
    managed,
    facts: { key, reason, file: key },
  });
  return {
    id: rowId.problem(index),
    label: cleanText(key),
    description: cleanText(reason),
    icon: 'warning',
    color: 'problemsWarningIcon.foreground',
    tooltip: [escapeMarkdown(sentence, 600)],
    contextValue: action === 'openProfile' ? 'problem canOpenProfile' : 'problem',
    accessibilityLabel: sentence,
    children: [],
    expanded: false,
  };
}

/** The person at one identity provider, with the servers it decides about. */
export function personRow(
  person: PersonSnapshot,
  overview: Overview,
  context: PresentContext,
): Row {
  const { label, description, icon, color } = personLook(person, context);
  const why = personFailure(person, context);
  const servers = overview.connections.filter(
    ({ identityProvider }) => identityProvider === person.identityProvider,
  );
  return {
    id: rowId.person(person.identityProvider),
    label,
    description,
    icon,
    ...(color === undefined ? {} : { color }),
    tooltip: [
      `**${escapeMarkdown(label)}**: ${escapeMarkdown(description)}`,
      ...(why === undefined ? [] : [escapeMarkdown(why, 600)]),
    ],
    contextValue: personContextValue(person),
    accessibilityLabel: `${label}, ${description}`,
    children: byNeed(servers).map((one) =>
      connectionRow(one, { ...context, identityProvider: person.label }),
    ),
    expanded: true,
  };
}

function personFailure(
  { failure, label, session }: PersonSnapshot,
  { organization, managed }: PresentContext,
): string | undefined {
  const code =
    failure?.code ?? (session.kind === 'ended' ? 'identityProvider.sessionEnded' : undefined);
  if (code === undefined) return undefined;
  return explain(code, { organization, managed, identityProvider: label, facts: failure?.facts })
    .sentence;
}

function personLook(
  person: PersonSnapshot,
  context: PresentContext,
): { label: string; description: string; icon: string; color?: string } {
  const { session, failure } = person;
  const provider = cleanText(person.label);
  const warning = 'problemsWarningIcon.foreground';
  switch (session.kind) {
    case 'signedOut':
      return failure === undefined
        ? { label: 'Not signed in', description: provider, icon: 'account' }
        : {
            label: 'Not signed in',
            description: personFailure(person, context) ?? provider,
            icon: 'warning',
            color: warning,
          };
    case 'restoring':
    case 'signingIn':
      return { label: provider, description: 'Signing in…', icon: 'loading~spin' };
    case 'signedIn':
      return {
        label: cleanText(session.account.label),
        description: [
          // Of one name with the organization it says nothing.
          ...(provider === cleanText(context.organization) ? [] : [provider]),
          `signed in ${clockTime(session.sinceMs, context)}`,
        ].join(' · '),
        icon: 'account',
      };
    case 'ended':
      return {
        label: cleanText(session.account.label),
        description: `Signed out by ${cleanText(context.organization)} at ${clockTime(session.atMs, context)}`,
        icon: 'sign-out',
        color: warning,
      };
  }
}

function personContextValue({ session, failure }: PersonSnapshot): string {
  const canSignIn = session.kind === 'signedOut' || session.kind === 'ended';
  const why = failure === undefined ? undefined : explain(failure.code, {});
  return [
    'person',
    ...(canSignIn ? ['canSignIn'] : []),
    ...(session.kind === 'signedIn' ? ['canSignOut'] : []),
    ...(why?.action === 'setClientSecret' ? ['canSetClientSecret'] : []),
    ...(why?.action === 'createDeviceKey' ? ['canCreateDeviceKey'] : []),
    ...(why === undefined ? [] : ['canCopyDetails']),
  ].join(' ');
}
