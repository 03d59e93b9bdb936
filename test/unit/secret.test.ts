import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { Secret } from '../../src/core/secret.ts';

describe('Secret', () => {
  const secret = new Secret('canary-1f3a');

  it('prints as [secret] in every way there is', () => {
    const printed = [
      String(secret),
      'in a sentence: '.concat(secret as unknown as string),
      JSON.stringify({ secret }),
      inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
      format('%s %o %j', secret, secret, secret),
      inspect(Object.assign({}, secret)),
      Object.keys(secret).join(),
    ].join('\n');
    assert.doesNotMatch(printed, /canary/);
    assert.match(printed, /\[secret\]/);
  });

  it('reveals and compares its value', () => {
    assert.equal(secret.reveal(), 'canary-1f3a');
    assert.ok(secret.equals(new Secret('canary-1f3a')));
    assert.ok(!secret.equals(new Secret('canary-1f3b')));
  });

  it('is revealed only where it goes on the wire, into SecretStorage, or into a comparison', () => {
    const callers: Record<string, number> = Object.fromEntries(
      (readdirSync('src', { recursive: true }) as string[])
        .filter((name) => name.endsWith('.ts') && !name.startsWith('sandbox'))
        .map((name): [string, number] => [
          name,
          readFileSync(join('src', name), 'utf8').split('.reveal()').length - 1,
        ])
        .filter(([, count]) => count !== 0),
    );
    assert.deepEqual(callers, {
      'core/access/accessToken.ts': 1, // Authorization of a request
      'core/client/clientAuthentication.ts': 3, // client_secret_basic, client_secret_post, the key that signs
      'core/client/clientCredentials.ts': 1, // SecretStorage
      'core/access/dpopToken.ts': 2, // Authorization of a request, its hash in the proof
      'core/access/idJag.ts': 1, // subject_token
      'core/access/redemption.ts': 1, // assertion
      'core/access/revocation.ts': 1, // RFC 7009
      'core/revocation/sharedSignalsPoll.ts': 1, // Authorization of a request
      'core/secret.ts': 1, // comparison
      'core/signIn/signIn.ts': 2, // refresh_token, RFC 7009
      'core/signIn/storedSession.ts': 2, // SecretStorage
      'vscode/connectClient.ts': 1, // shown to the person, once
      'node/supportTools.ts': 1, // looked for in files, by the revocation drill
      'core/windows/accessMessage.ts': 1, // to another window of this person, over the private socket
      'core/windows/refreshGuard.ts': 1, // its hash
      'core/windows/sharedIdToken.ts': 1, // SecretStorage
      'core/windows/windows.ts': 1, // to another window of this person, over the private socket
    });
  });
});
