// What belongs to a sentence: who can mend it, one action, and the words it may be made of.

export type Remedy = 'you' | 'identityAdmin' | 'serverOwner' | 'wait';
export type Action =
  | 'signIn'
  | 'reconnect'
  | 'openProfile'
  | 'copyDetails'
  | 'showLog'
  | 'setClientSecret'
  | 'createDeviceKey'
  | 'continueInBrowser'
  | 'none';

/** Everything a sentence may mention, cleaned. */
export interface Names {
  /** The organization. */
  readonly org: string;
  readonly server: string;
  /** The identity provider. */
  readonly idp: string;
  /** Whoever did not answer. */
  readonly host: string;
  /** Nobody has that name where this computer asks. */
  readonly isNameUnknown: boolean;
  readonly key: string;
  readonly reason: string;
  readonly file: string;
  /** ` (a b)` or nothing. */
  readonly scopes: string;
  /** What happens next without anybody's doing, or that it is for the person to try again. */
  readonly again: string;
  /** `4 min fast`, `2 h slow`. */
  readonly skew: string;
  readonly expected: string;
  readonly actual: string;
  /** ` (bob@x.example instead of alice@y.example)` or nothing. */
  readonly accounts: string;
  /** ` (it is for proxy.example)` or nothing. */
  readonly certificate: string;
}

export interface Entry {
  readonly remedy: Remedy;
  readonly action: Action;
  readonly say: (names: Names) => string;
  /** For a profile that this person wrote: who can mend it is whoever reads this. */
  readonly inOwnProfile?: Entry;
}

export const you = (action: Action, say: Entry['say']): Entry => ({ remedy: 'you', action, say });
export const wait = (say: Entry['say']): Entry => ({
  remedy: 'wait',
  action: 'reconnect',
  say: (n) => `${say(n)}; ${n.again}.`,
});
export const identityAdmin = (say: Entry['say'], please: Entry['say']): Entry => ({
  remedy: 'identityAdmin',
  action: 'copyDetails',
  say: (n) => `${say(n)}; ask an administrator at ${n.org} ${please(n)}.`,
});
export const serverOwner = (say: Entry['say'], please: Entry['say']): Entry => ({
  remedy: 'serverOwner',
  action: 'copyDetails',
  say: (n) => `${say(n)}; ask the owner of ${n.server} ${please(n)}.`,
});
/** Two things that do not agree, one of which stands in the profile. */
export const comparison = (
  by: typeof identityAdmin,
  say: Entry['say'],
  please: Entry['say'],
): Entry => ({
  ...by(say, please),
  inOwnProfile: you('openProfile', (n) => `${say(n)}; open the profile ${please(n)}.`),
});
export const lookAtDetails = () => 'to look at the details';
