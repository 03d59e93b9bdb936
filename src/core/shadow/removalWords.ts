// What a person reads before and after an entry of another program's file is removed.
import type { Removal } from './filesRead.ts';
import type { Shadow } from './shadows.ts';
import { placeOf, shadowWords } from './shadowWords.ts';

export interface RemovalQuestion {
  readonly message: string;
  readonly detail: string;
  readonly yes: string;
}

/** Says exactly what will be gone, and what will not. */
export function removalQuestion(shadow: Shadow, home: string): RemovalQuestion {
  const { first, last } = shadow.entry.lines;
  const { title, how } = shadowWords(shadow);
  const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  return {
    message: `Remove ${title}?`,
    detail: [
      `Only this entry is taken out of ${placeOf({ file: shadow.entry.file }, home)}, ${lines}: ${how}. The rest of the file stays as it is.`,
      ...still(shadow),
    ].join('\n\n'),
    yes: 'Remove Entry',
  };
}

/** How it ended, and what is still to be done. */
export function afterRemoval(shadow: Shadow, ended: Removal, home: string): string {
  const { title } = shadowWords(shadow);
  const file = placeOf({ file: shadow.entry.file }, home);
  switch (ended) {
    case 'removed':
      return [`${title} is removed.`, ...toDo(shadow)].join(' ');
    case 'changed':
      return `${file} has changed meanwhile, or is not saved. Nothing was removed.`;
    case 'notPossible':
      return `${file} could not be changed safely. Nothing was removed: edit it yourself.`;
  }
}

/** The first words are all that is seen of a long message. */
function toDo({ entry: { authentication, client } }: Shadow): readonly string[] {
  if (authentication.kind === 'staticKey') return ['Withdraw its key where it was made.'];
  return authentication.kind === 'ownOAuth'
    ? [`The sign-in ${client} made for it is not removed.`]
    : [];
}

/** What goes on although the entry is gone. */
function still({ entry: { authentication, client } }: Shadow): readonly string[] {
  const running = `${client} may use it until it is started again.`;
  if (authentication.kind === 'staticKey') {
    return [`${running} The key stays good until it is withdrawn where it was made.`];
  }
  return authentication.kind === 'ownOAuth'
    ? [`${running} The sign-in ${client} made for it is not removed.`]
    : [running];
}
