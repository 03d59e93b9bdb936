// Where an administrator puts the organization profile.
import { join } from 'node:path';

const vendor = 'enterprise-mcp';

/** Where an administrator puts the file on this system. */
export function managedProfilePath(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (platform === 'darwin') return `/Library/Application Support/${vendor}/managed.json`;
  if (platform === 'win32') {
    return join(environment['ProgramFiles'] ?? 'C:\\Program Files', vendor, 'managed.json');
  }
  return `/etc/${vendor}/managed.json`;
}
