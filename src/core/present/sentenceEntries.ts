// The sentence of every code. Invariant: a sentence names who can mend it, unless it mends itself, and
// never speaks of protocol.
import type { ErrorCode } from '../errors.ts';

export type Remedy = 'you' | 'identityAdmin' | 'serverOwner' | 'wait';
export type Action =
  'signIn' | 'reconnect' | 'openProfile' | 'copyDetails' | 'showLog' | 'setClientSecret' | 'none';

/** Everything a sentence may mention, cleaned. */
export interface Names {
  /** The organization. */
  readonly org: string;
  readonly server: string;
  /** The identity provider. */
  readonly idp: string;
  /** Whoever did not answer. */
  readonly host: string;
  readonly key: string;
  readonly reason: string;
  readonly file: string;
  /** ` (a b)` or nothing. */
  readonly scopes: string;
  /** ` in 30 s` or nothing. */
  readonly delay: string;
}

export interface Entry {
  readonly remedy: Remedy;
  readonly action: Action;
  readonly say: (names: Names) => string;
}

const you = (action: Action, say: Entry['say']): Entry => ({ remedy: 'you', action, say });
const wait = (say: Entry['say']): Entry => ({
  remedy: 'wait',
  action: 'reconnect',
  say: (n) => `${say(n)}; it is tried again by itself${n.delay}.`,
});
const identityAdmin = (say: Entry['say'], please: Entry['say']): Entry => ({
  remedy: 'identityAdmin',
  action: 'copyDetails',
  say: (n) => `${say(n)}; ask an administrator at ${n.org} ${please(n)}.`,
});
const serverOwner = (say: Entry['say'], please: Entry['say']): Entry => ({
  remedy: 'serverOwner',
  action: 'copyDetails',
  say: (n) => `${say(n)}; ask the owner of ${n.server} ${please(n)}.`,
});
const lookAtDetails = () => 'to look at the details';

export const entries = {
  'profile.missing': you(
    'openProfile',
    () =>
      'Your company is not set up here yet; open the profile and enter what your administrator gave you.',
  ),
  'profile.invalid': you(
    'openProfile',
    (n) =>
      `In the organization profile, ${n.key} ${n.reason}; open the profile to correct it, or tell whoever gave it to you.`,
  ),
  'profile.untrusted': identityAdmin(
    (n) => `The administrator's profile was not used: ${n.file} ${n.reason}`,
    () => 'to protect that file',
  ),
  'profile.unreadable': identityAdmin(
    (n) => `The administrator's profile could not be read: ${n.file} ${n.reason}`,
    () => 'to correct that file',
  ),

  'network.unreachable': wait((n) => `This computer could not reach ${n.host} in time`),
  'network.tls': identityAdmin(
    (n) => `The certificate of ${n.host} could not be verified, so nothing was sent`,
    () => 'which certificates this network needs',
  ),
  'network.captivePortal': you(
    'reconnect',
    (n) =>
      `This network answered in place of ${n.host}; sign in to the network in your browser, then reconnect.`,
  ),

  'discovery.resourceMetadataMissing': serverOwner(
    (n) => `${n.server} does not say which sign-in it accepts`,
    () => 'to publish it',
  ),
  'discovery.resourceMismatch': identityAdmin(
    (n) => `${n.server} gives another address for itself than the profile, so nothing was sent`,
    () => 'to compare the two',
  ),
  'discovery.authorizationServerNotListed': identityAdmin(
    (n) => `${n.server} does not name the sign-in server that the profile expects for it`,
    () => 'to compare the two',
  ),
  'discovery.metadataMissing': serverOwner(
    (n) => `The sign-in server of ${n.server} does not describe itself`,
    () => 'to publish its description',
  ),
  'discovery.issuerMismatch': identityAdmin(
    (n) => `The sign-in server of ${n.server} is not the one the profile names; nothing was sent`,
    () => 'to compare the two',
  ),
  'discovery.metadataInvalid': serverOwner(
    (n) => `What ${n.server} says about its sign-in cannot be used`,
    () => 'to correct it',
  ),
  'discovery.enterpriseNotSupported': serverOwner(
    (n) => `${n.server} does not accept company sign-in, and nothing else was tried`,
    () => 'to switch it on',
  ),

  'identityProvider.metadataInvalid': identityAdmin(
    (n) => `What ${n.idp} says about its sign-in cannot be used`,
    () => 'to check its address in the profile',
  ),
  'identityProvider.signInRefused': identityAdmin(
    (n) => `${n.idp} ended the sign-in with a refusal`,
    () => 'whether your account may use it',
  ),
  'identityProvider.responseInvalid': identityAdmin(
    (n) => `The answer of ${n.idp} could not be trusted and was dropped`,
    lookAtDetails,
  ),
  'identityProvider.idTokenInvalid': identityAdmin(
    (n) =>
      `The proof of who you are from ${n.idp} failed its checks and was dropped; check this computer's clock`,
    () => 'if the clock is right',
  ),
  'identityProvider.clientRefused': identityAdmin(
    (n) => `${n.idp} does not accept the registration of this app`,
    () => 'to check its client id and secret',
  ),
  'identityProvider.clientSecretMissing': you(
    'setClientSecret',
    (n) => `${n.idp} expects a client secret that is not stored on this computer; store it once.`,
  ),
  'identityProvider.accountMismatch': you(
    'signIn',
    (n) => `${n.idp} answered for another person; sign in with the account you used before.`,
  ),
  'identityProvider.sessionEnded': you(
    'signIn',
    (n) => `${n.org} ended your sign-in; sign in again to reconnect.`,
  ),
  'identityProvider.signInAgain': you(
    'signIn',
    (n) => `${n.org} wants to see you again; sign in to go on using ${n.server}.`,
  ),
  'identityProvider.unavailable': wait((n) => `The sign-in of ${n.org} is not working right now`),
  'identityProvider.busy': wait((n) => `The sign-in of ${n.org} is busy`),

  'exchange.denied': identityAdmin(
    (n) => `${n.org} does not give you access to ${n.server}`,
    () => 'for access',
  ),
  'exchange.targetRefused': identityAdmin(
    (n) => `${n.org} has no connection set up between this app and ${n.server}`,
    () => 'to set it up',
  ),
  'exchange.scopeRefused': identityAdmin(
    (n) => `${n.org} does not allow what the profile asks for at ${n.server}${n.scopes}`,
    () => 'to allow it or ask for less',
  ),
  'exchange.clientNotAllowed': identityAdmin(
    (n) => `${n.org} does not allow this app to connect to ${n.server}`,
    () => 'to allow it',
  ),
  'exchange.stepUpRequired': you(
    'signIn',
    (n) => `${n.org} asks for a stronger sign-in before you use ${n.server}; sign in again.`,
  ),
  'exchange.answerInvalid': identityAdmin(
    (n) => `The answer of ${n.org} about ${n.server} failed its checks and was dropped`,
    lookAtDetails,
  ),

  'redemption.refused': serverOwner(
    (n) => `${n.server} does not accept the sign-in of ${n.org}, or does not know you there`,
    (n) => `to trust ${n.org} and to add you`,
  ),
  'redemption.denied': serverOwner(
    (n) => `${n.server} refused you, although ${n.org} gives you access`,
    () => 'for access',
  ),
  'redemption.clientRefused': identityAdmin(
    (n) => `${n.server} does not accept the registration of this app`,
    () => 'to check its client id and secret there',
  ),
  'redemption.grantNotSupported': serverOwner(
    (n) => `${n.server} does not accept company sign-in, and nothing else was tried`,
    () => 'to switch it on',
  ),
  'redemption.scopeRefused': serverOwner(
    (n) => `${n.server} does not offer what ${n.org} allows you there${n.scopes}`,
    lookAtDetails,
  ),
  'redemption.answerInvalid': serverOwner(
    (n) => `The answer of the sign-in server of ${n.server} failed its checks and was dropped`,
    lookAtDetails,
  ),
  'redemption.unavailable': wait(
    (n) => `The sign-in server of ${n.server} is not working right now`,
  ),
  'redemption.clientSecretMissing': you(
    'setClientSecret',
    (n) =>
      `${n.server} expects a client secret that is not stored on this computer; store it once.`,
  ),

  'server.tokenRefused': serverOwner(
    (n) => `${n.server} refuses the access its own sign-in server has just given`,
    lookAtDetails,
  ),
  'server.forbidden': serverOwner(
    (n) => `${n.server} does not let you in, although ${n.org} gives you access`,
    () => 'for access',
  ),
  'server.insufficientScope': identityAdmin(
    (n) => `${n.server} asks for more than ${n.org} allows you there${n.scopes}`,
    () => 'to allow it',
  ),
  'server.protocolError': serverOwner(
    (n) => `The answer of ${n.server} could not be understood`,
    lookAtDetails,
  ),
  'server.unavailable': wait((n) => `${n.server} is not answering`),

  'gateway.closed': you(
    'reconnect',
    (n) =>
      `The connection to ${n.server} is closed; open Enterprise MCP in the side bar to see why.`,
  ),
  'gateway.notListening': you(
    'showLog',
    () =>
      'Enterprise MCP could not open its connection point on this computer; reload the window, and see the log if that does not help.',
  ),
  'gateway.messageTooLarge': you(
    'none',
    (n) => `A message to or from ${n.server} was too large to pass on; ask for less at once.`,
  ),
  'gateway.messageInvalid': serverOwner(
    (n) => `A message to or from ${n.server} was not valid and was not passed on`,
    lookAtDetails,
  ),
  'gateway.answerMissing': you(
    'none',
    (n) =>
      `${n.server} went away without an answer, so the call may or may not have been carried out; check before you repeat it.`,
  ),

  'storage.unavailable': you(
    'showLog',
    () =>
      'The password store of this computer is not available; unlock it, or sign in again after each restart.',
  ),
  'user.cancelled': you('signIn', () => 'It was cancelled; try again when you are ready.'),
  'user.timedOut': you(
    'signIn',
    () => 'Nobody came back from the sign-in page in time; sign in again when you are ready.',
  ),
  'user.turnedOff': you(
    'none',
    (n) => `You turned ${n.server} off; turn it on again in Enterprise MCP in the side bar.`,
  ),
  'user.signedOut': you('signIn', (n) => `Sign in to ${n.org} to use ${n.server}.`),
  bug: you(
    'showLog',
    () => 'Something went wrong inside Enterprise MCP; see the log, then reconnect.',
  ),
} satisfies Record<ErrorCode, Entry>;
