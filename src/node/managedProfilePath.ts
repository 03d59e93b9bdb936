// Where an administrator puts the organization profile. Fixed paths: one from the environment would let the
// person point at another file.
const vendor = 'enterprise-mcp';

/** Where an administrator puts the file on this system, whatever the environment says. */
export function managedProfilePath(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return `/Library/Application Support/${vendor}/managed.json`;
  if (platform === 'win32') return `C:\\Program Files\\${vendor}\\managed.json`;
  return `/etc/${vendor}/managed.json`;
}
