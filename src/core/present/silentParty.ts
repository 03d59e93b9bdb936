// Who is not answering, as people call them: blaming another party would send them astray.
import type { ConnectionSnapshot } from '../connection/state.ts';
import { cleanText } from './plainText.ts';

const maxName = 60;

/** Of a connection that nobody could be asked about, the last time; its authorization server is `guard`. */
export function silentParty(
  { label, url, state, failure }: Pick<ConnectionSnapshot, 'label' | 'url' | 'state' | 'failure'>,
  organization: string,
  guard = `The sign-in server of ${cleanText(label, maxName)}`,
): string {
  const code = 'code' in state ? state.code : failure?.code;
  if (code?.startsWith('identityProvider.') === true) return cleanText(organization, maxName);
  if (code?.startsWith('redemption.') === true) return guard;
  const host = failure?.facts.host;
  const isOther =
    code?.startsWith('network.') === true &&
    failure?.code === code &&
    host !== undefined &&
    host !== '' &&
    host !== URL.parse(url)?.host;
  return isOther ? cleanText(host, maxName) : cleanText(label, maxName);
}
