import type { ErrorCode } from '../../src/core/errors.ts';
import type { Action, Remedy } from '../../src/core/present/sentences.ts';

/** Every code as a person meets it. */
export const sentenceTable: Record<ErrorCode, readonly [Remedy, Action, string]> = {
  'profile.missing': [
    'you',
    'openProfile',
    'Your company is not set up here yet; open the profile and enter what your administrator gave you.',
  ],
  'profile.invalid': [
    'you',
    'openProfile',
    'In the organization profile, servers[2].url must be https; open the profile to correct it, or tell whoever gave it to you.',
  ],
  'profile.untrusted': [
    'identityAdmin',
    'copyDetails',
    "The administrator's profile was not used: profile.json: must be https; ask an administrator at Acme to protect that file.",
  ],
  'profile.unreadable': [
    'identityAdmin',
    'copyDetails',
    "The administrator's profile could not be read: profile.json: must be https; ask an administrator at Acme to correct that file.",
  ],
  'profile.managed': [
    'identityAdmin',
    'copyDetails',
    'Acme sets up Enterprise MCP on this computer, so nothing can be added here; ask an administrator at Acme to add it to the profile.',
  ],
  'organization.stopped': [
    'identityAdmin',
    'copyDetails',
    'Acme has stopped Tickets for now; ask an administrator at Acme when it may be used again.',
  ],
  'organization.stopListInvalid': [
    'identityAdmin',
    'copyDetails',
    'The emergency stop of Acme could not be trusted, so nothing was closed or opened by it; ask an administrator at Acme to look at the details.',
  ],
  'organization.signalsInvalid': [
    'identityAdmin',
    'copyDetails',
    'A security notice for Acme could not be trusted, so nothing was closed by it; ask an administrator at Acme to look at the details.',
  ],
  'network.unreachable': [
    'wait',
    'reconnect',
    'This computer could not reach idp.example in time; it is tried again by itself in 30 s.',
  ],
  'network.tls': [
    'identityAdmin',
    'copyDetails',
    'The certificate of idp.example could not be verified (it is for proxy.example), so nothing was sent; ask an administrator at Acme which certificates this network needs.',
  ],
  'network.captivePortal': [
    'you',
    'reconnect',
    'This network answered in place of idp.example; sign in to the network in your browser, then reconnect.',
  ],
  'network.clockSkew': [
    'you',
    'reconnect',
    'The clock of this computer is 4 min fast; set it right, then reconnect.',
  ],
  'discovery.resourceMetadataMissing': [
    'serverOwner',
    'copyDetails',
    'Tickets does not say which sign-in it accepts; ask the owner of Tickets to publish it.',
  ],
  'discovery.resourceMismatch': [
    'identityAdmin',
    'copyDetails',
    'Tickets gives another address for itself than the profile, so nothing was sent; ask an administrator at Acme to compare the two.',
  ],
  'discovery.authorizationServerNotListed': [
    'identityAdmin',
    'copyDetails',
    'Tickets does not name the sign-in server that the profile expects for it; ask an administrator at Acme to compare the two.',
  ],
  'discovery.metadataMissing': [
    'serverOwner',
    'copyDetails',
    'The sign-in server of Tickets does not describe itself; ask the owner of Tickets to publish its description.',
  ],
  'discovery.issuerMismatch': [
    'identityAdmin',
    'copyDetails',
    'The sign-in server of Tickets is not the one the profile names; nothing was sent; ask an administrator at Acme to compare the two.',
  ],
  'discovery.metadataInvalid': [
    'serverOwner',
    'copyDetails',
    'What Tickets says about its sign-in cannot be used; ask the owner of Tickets to correct it.',
  ],
  'discovery.enterpriseNotSupported': [
    'serverOwner',
    'copyDetails',
    'Tickets does not accept company sign-in, and nothing else was tried; ask the owner of Tickets to switch it on.',
  ],
  'identityProvider.metadataInvalid': [
    'identityAdmin',
    'copyDetails',
    'What Acme ID says about its sign-in cannot be used; ask an administrator at Acme to check its address in the profile.',
  ],
  'identityProvider.signInRefused': [
    'identityAdmin',
    'copyDetails',
    'Acme ID ended the sign-in with a refusal; ask an administrator at Acme whether your account may use it.',
  ],
  'identityProvider.responseInvalid': [
    'identityAdmin',
    'copyDetails',
    'The answer of Acme ID could not be trusted and was dropped; ask an administrator at Acme to look at the details.',
  ],
  'identityProvider.idTokenInvalid': [
    'identityAdmin',
    'copyDetails',
    "The proof of who you are from Acme ID failed its checks and was dropped; check this computer's clock; ask an administrator at Acme if the clock is right.",
  ],
  'identityProvider.clientRefused': [
    'identityAdmin',
    'copyDetails',
    'Acme ID does not accept the registration of this app; ask an administrator at Acme to check its client id and secret.',
  ],
  'identityProvider.clientSecretMissing': [
    'you',
    'setClientSecret',
    'Acme ID expects a client secret that is not stored on this computer; store it once.',
  ],
  'identityProvider.clientKeyMissing': [
    'you',
    'createDeviceKey',
    'Acme ID expects a key of this computer; create it and send what is shown to your administrator.',
  ],
  'identityProvider.pkceNotOffered': [
    'identityAdmin',
    'copyDetails',
    'Acme ID does not say that it protects sign-ins against interception (PKCE); ask an administrator at Acme to switch it on there, or to allow the sign-in without that promise in the profile.',
  ],
  'identityProvider.deviceCodeNotOffered': [
    'identityAdmin',
    'copyDetails',
    'Acme ID offers no sign-in with a code; ask an administrator at Acme to switch it on there, or to choose another way in the profile.',
  ],
  'identityProvider.accountMismatch': [
    'you',
    'signIn',
    'Acme ID answered for another person (alice@home.example instead of an account of acme.example); sign in with the account you used before.',
  ],
  'identityProvider.accountNotAllowed': [
    'you',
    'signIn',
    'You signed in as alice@home.example, but Acme needs an account of acme.example; sign in again with it.',
  ],
  'identityProvider.sessionEnded': [
    'you',
    'signIn',
    'Acme ended your sign-in; sign in again to reconnect.',
  ],
  'identityProvider.signInAgain': [
    'you',
    'signIn',
    'Acme wants to see you again; sign in to go on using Tickets.',
  ],
  'identityProvider.unavailable': [
    'wait',
    'reconnect',
    'The sign-in of Acme is not working right now; it is tried again by itself in 30 s.',
  ],
  'identityProvider.busy': [
    'wait',
    'reconnect',
    'The sign-in of Acme is busy; it is tried again by itself in 30 s.',
  ],
  'exchange.denied': [
    'identityAdmin',
    'copyDetails',
    'Acme does not give you access to Tickets; ask an administrator at Acme for access.',
  ],
  'exchange.targetRefused': [
    'identityAdmin',
    'copyDetails',
    'Acme has no connection set up between this app and Tickets; ask an administrator at Acme to set it up.',
  ],
  'exchange.scopeRefused': [
    'identityAdmin',
    'copyDetails',
    'Acme does not allow what the profile asks for at Tickets (tickets:write); ask an administrator at Acme to allow it or ask for less.',
  ],
  'exchange.clientNotAllowed': [
    'identityAdmin',
    'copyDetails',
    'Acme does not allow this app to connect to Tickets; ask an administrator at Acme to allow it.',
  ],
  'exchange.nothingGranted': [
    'identityAdmin',
    'copyDetails',
    'Acme granted nothing at Tickets; ask an administrator at Acme for access.',
  ],
  'exchange.notSupported': [
    'identityAdmin',
    'copyDetails',
    'Acme ID does not give out access to servers the way Enterprise MCP asks for it; ask an administrator at Acme to switch on cross-app access there, or to check its address in the profile.',
  ],
  'exchange.stepUpRequired': [
    'you',
    'signIn',
    'Acme asks for a stronger sign-in before you use Tickets; sign in again.',
  ],
  'exchange.stepUpFailed': [
    'identityAdmin',
    'copyDetails',
    'Acme asks for a stronger sign-in for Tickets than the one you just did; ask an administrator at Acme how to sign in strongly enough.',
  ],
  'exchange.bindingMissing': [
    'identityAdmin',
    'copyDetails',
    'Acme did not bind the access to Tickets to this computer, so it was dropped; ask an administrator at Acme to look at the details.',
  ],
  'exchange.answerInvalid': [
    'identityAdmin',
    'copyDetails',
    'The answer of Acme about Tickets failed its checks and was dropped; ask an administrator at Acme to look at the details.',
  ],
  'redemption.refused': [
    'serverOwner',
    'copyDetails',
    'Tickets did not accept you from Acme and does not say why: no licence, an account that is not linked, or its setup for Acme; ask the owner of Tickets to check all three.',
  ],
  'redemption.denied': [
    'serverOwner',
    'copyDetails',
    'Tickets refused you, although Acme gives you access; ask the owner of Tickets for access.',
  ],
  'redemption.clientRefused': [
    'identityAdmin',
    'copyDetails',
    'Tickets does not accept the registration of this app; ask an administrator at Acme to check its client id and secret there.',
  ],
  'redemption.grantNotSupported': [
    'serverOwner',
    'copyDetails',
    'Tickets does not accept company sign-in, and nothing else was tried; ask the owner of Tickets to switch it on.',
  ],
  'redemption.scopeRefused': [
    'serverOwner',
    'copyDetails',
    'Tickets does not offer what Acme allows you there (tickets:write); ask the owner of Tickets to look at the details.',
  ],
  'redemption.nothingGranted': [
    'serverOwner',
    'copyDetails',
    'Tickets granted nothing, although Acme gives you access; ask the owner of Tickets for access.',
  ],
  'redemption.interactionRequired': [
    'you',
    'continueInBrowser',
    'Tickets wants you to confirm something in the browser first; continue there.',
  ],
  'redemption.bindingMissing': [
    'serverOwner',
    'copyDetails',
    'Tickets did not bind its access to this computer, so it was dropped; ask the owner of Tickets to look at the details.',
  ],
  'redemption.answerInvalid': [
    'serverOwner',
    'copyDetails',
    'The answer of the sign-in server of Tickets failed its checks and was dropped; ask the owner of Tickets to look at the details.',
  ],
  'redemption.unavailable': [
    'wait',
    'reconnect',
    'The sign-in server of Tickets is not working right now; it is tried again by itself in 30 s.',
  ],
  'redemption.clientSecretMissing': [
    'you',
    'setClientSecret',
    'Tickets expects a client secret that is not stored on this computer; store it once.',
  ],
  'redemption.clientKeyMissing': [
    'you',
    'createDeviceKey',
    'Tickets expects a key of this computer; create it and send what is shown to your administrator.',
  ],
  'server.tokenRefused': [
    'serverOwner',
    'copyDetails',
    'Tickets refuses the access its own sign-in server has just given; ask the owner of Tickets to look at the details.',
  ],
  'server.forbidden': [
    'serverOwner',
    'copyDetails',
    'Tickets does not let you in, although Acme gives you access; ask the owner of Tickets for access.',
  ],
  'server.insufficientScope': [
    'identityAdmin',
    'copyDetails',
    'Tickets asks for more than Acme allows you there (tickets:write); ask an administrator at Acme to allow it.',
  ],
  'server.stepUpRequired': [
    'you',
    'signIn',
    'Tickets asks for a stronger sign-in at Acme; sign in again.',
  ],
  'server.protocolError': [
    'serverOwner',
    'copyDetails',
    'The answer of Tickets could not be understood; ask the owner of Tickets to look at the details.',
  ],
  'server.unavailable': [
    'wait',
    'reconnect',
    'Tickets is not answering; it is tried again by itself in 30 s.',
  ],
  'gateway.closed': [
    'you',
    'reconnect',
    'The connection to Tickets is closed; open Enterprise MCP in the side bar to see why.',
  ],
  'gateway.notListening': [
    'you',
    'showLog',
    'Enterprise MCP could not open its connection point on this computer; reload the window, and see the log if that does not help.',
  ],
  'gateway.messageTooLarge': [
    'you',
    'none',
    'A message to or from Tickets was too large to pass on; ask for less at once.',
  ],
  'gateway.messageInvalid': [
    'serverOwner',
    'copyDetails',
    'A message to or from Tickets was not valid and was not passed on; ask the owner of Tickets to look at the details.',
  ],
  'gateway.answerMissing': [
    'you',
    'none',
    'Tickets went away without an answer, so the call may or may not have been carried out; check before you repeat it.',
  ],
  'storage.unavailable': [
    'you',
    'showLog',
    'The password store of this computer is not available; unlock it, or sign in again after each restart.',
  ],
  'user.cancelled': ['you', 'signIn', 'It was cancelled; try again when you are ready.'],
  'user.timedOut': [
    'you',
    'signIn',
    'Nobody came back from the sign-in page in time; sign in again when you are ready.',
  ],
  'user.turnedOff': [
    'you',
    'none',
    'You turned Tickets off; turn it on again in Enterprise MCP in the side bar.',
  ],
  'user.signedOut': ['you', 'signIn', 'Sign in to Acme to use Tickets.'],
  bug: [
    'you',
    'showLog',
    'Something went wrong inside Enterprise MCP; see the log, then reconnect.',
  ],
};
