// The sentences of the company sign-in and of the two legs to a server's access.
import {
  comparison,
  identityAdmin,
  lookAtDetails,
  serverOwner,
  wait,
  you,
  type Entry,
} from './sentenceEntry.ts';

export const accessSentences = {
  'identityProvider.metadataInvalid': comparison(
    identityAdmin,
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
  'identityProvider.clientKeyMissing': you(
    'createDeviceKey',
    (n) =>
      `${n.idp} expects a key of this computer; create it and send what is shown to your administrator.`,
  ),
  'identityProvider.pkceNotOffered': identityAdmin(
    (n) => `${n.idp} does not say that it protects sign-ins against interception (PKCE)`,
    () => 'to switch it on there, or to allow the sign-in without that promise in the profile',
  ),
  'identityProvider.deviceCodeNotOffered': identityAdmin(
    (n) => `${n.idp} offers no sign-in with a code`,
    () => 'to switch it on there, or to choose another way in the profile',
  ),
  'identityProvider.accountNotAllowed': you(
    'signIn',
    (n) => `You signed in as ${n.actual}, but ${n.org} needs ${n.expected}; sign in again with it.`,
  ),
  'identityProvider.accountMismatch': you(
    'signIn',
    (n) =>
      `${n.idp} answered for another person${n.accounts}; sign in with the account you used before.`,
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
  'exchange.nothingGranted': identityAdmin(
    (n) => `${n.org} granted nothing at ${n.server}`,
    () => 'for access',
  ),
  'exchange.notSupported': identityAdmin(
    (n) => `${n.idp} does not give out access to servers the way Enterprise MCP asks for it`,
    () => 'to switch on cross-app access there, or to check its address in the profile',
  ),
  'exchange.stepUpFailed': identityAdmin(
    (n) => `${n.org} asks for a stronger sign-in for ${n.server} than the one you just did`,
    () => 'how to sign in strongly enough',
  ),
  'exchange.bindingMissing': identityAdmin(
    (n) => `${n.org} did not bind the access to ${n.server} to this computer, so it was dropped`,
    lookAtDetails,
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
    (n) =>
      `${n.server} did not accept you from ${n.org} and does not say why: no licence, an account that is not linked, or its setup for ${n.org}`,
    () => 'to check all three',
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
  'redemption.nothingGranted': serverOwner(
    (n) => `${n.server} granted nothing, although ${n.org} gives you access`,
    () => 'for access',
  ),
  'redemption.interactionRequired': you(
    'continueInBrowser',
    (n) => `${n.server} wants you to confirm something in the browser first; continue there.`,
  ),
  'redemption.bindingMissing': serverOwner(
    (n) => `${n.server} did not bind its access to this computer, so it was dropped`,
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
  'redemption.clientKeyMissing': you(
    'createDeviceKey',
    (n) =>
      `${n.server} expects a key of this computer; create it and send what is shown to your administrator.`,
  ),
} satisfies Record<string, Entry>;
