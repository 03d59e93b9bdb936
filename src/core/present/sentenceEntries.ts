// The sentence of every code. Invariant: a sentence names who can mend it, unless it mends itself, and
// never speaks of protocol.
import type { ErrorCode } from '../errors.ts';
import { accessSentences } from './accessSentences.ts';
import {
  comparison,
  identityAdmin,
  lookAtDetails,
  serverOwner,
  wait,
  you,
  type Entry,
} from './sentenceEntry.ts';

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
    (n) => `The administrator's profile was not used: ${n.file}: ${n.reason}`,
    () => 'to protect that file',
  ),
  'profile.unreadable': identityAdmin(
    (n) => `The administrator's profile could not be read: ${n.file}: ${n.reason}`,
    () => 'to correct that file',
  ),
  'profile.managed': identityAdmin(
    (n) => `${n.org} sets up Enterprise MCP on this computer, so nothing can be added here`,
    () => 'to add it to the profile',
  ),

  'organization.stopped': identityAdmin(
    (n) => `${n.org} has stopped ${n.server} for now`,
    () => 'when it may be used again',
  ),
  'organization.stopListInvalid': identityAdmin(
    (n) =>
      `The emergency stop of ${n.org} could not be trusted, so nothing was closed or opened by it`,
    lookAtDetails,
  ),
  'organization.signalsInvalid': identityAdmin(
    (n) => `A security notice for ${n.org} could not be trusted, so nothing was closed by it`,
    lookAtDetails,
  ),

  'network.unreachable': wait((n) =>
    n.isNameUnknown
      ? `This network knows no computer called ${n.host}; check your VPN, or the address in the profile`
      : `This computer could not reach ${n.host} in time`,
  ),
  'network.tls': identityAdmin(
    (n) =>
      `The certificate of ${n.host} could not be verified${n.certificate}, so nothing was sent`,
    () => 'which certificates this network needs',
  ),
  'network.captivePortal': you(
    'reconnect',
    (n) =>
      `This network answered in place of ${n.host}; sign in to the network in your browser, then reconnect.`,
  ),
  'network.clockSkew': you(
    'reconnect',
    (n) => `The clock of this computer is ${n.skew}; set it right, then reconnect.`,
  ),

  'discovery.resourceMetadataMissing': {
    ...serverOwner(
      (n) => `${n.server} does not say which sign-in it accepts`,
      () => 'to publish it',
    ),
    inOwnProfile: you(
      'openProfile',
      (n) =>
        `${n.server} does not say which sign-in it accepts; check its url in the profile, or ask its owner to publish it.`,
    ),
  },
  'discovery.resourceMismatch': comparison(
    identityAdmin,
    (n) => `${n.server} gives another address for itself than the profile, so nothing was sent`,
    () => 'to compare the two',
  ),
  'discovery.authorizationServerNotListed': comparison(
    identityAdmin,
    (n) => `${n.server} does not name the sign-in server that the profile expects for it`,
    () => 'to compare the two',
  ),
  'discovery.metadataMissing': serverOwner(
    (n) => `The sign-in server of ${n.server} does not describe itself`,
    () => 'to publish its description',
  ),
  'discovery.issuerMismatch': comparison(
    identityAdmin,
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

  ...accessSentences,

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
  'server.stepUpRequired': you(
    'signIn',
    (n) => `${n.server} asks for a stronger sign-in at ${n.org}; sign in again.`,
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
