// Who may change a file on Windows besides the system and the administrators, read from its SDDL.
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ConnectError } from '../core/errors.ts';

/** SYSTEM, Administrators, Creator Owner, TrustedInstaller, by SDDL alias or SID. */
const administrators = [
  'SY',
  'BA',
  'CO',
  'S-1-5-18',
  'S-1-5-32-544',
  'S-1-3-0',
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
];
/** Write data, append, write attributes, delete, delete child, change permissions or owner. */
const writeMask = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000 | 0x10000000;
const genericWrite = 0x40000000;
const writeRights = ['FA', 'FW', 'GA', 'GW', 'WD', 'WO', 'SD', 'DC', 'LC', 'RP', 'DT', 'CR'];

/** By its whole path: the person's PATH could name another program that finds every file in order. */
const powershell = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';

/**
 * Owners and accounts that may change `path` or its folder and are not administrators.
 * @throws profile.untrusted when that cannot be found out
 */
export async function windowsWriters(path: string): Promise<readonly string[]> {
  const lists = await Promise.all([path, dirname(path)].map(sddlOf));
  return [...new Set(lists.flatMap(writersInSddl))];
}

async function sddlOf(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(
      powershell,
      ['-NoProfile', '-NonInteractive', '-Command', '(Get-Acl -LiteralPath $env:ACL_PATH).Sddl'],
      { env: { ...process.env, ACL_PATH: path }, timeout: 15_000, windowsHide: true },
    );
    return stdout.trim();
  } catch (cause) {
    const reason = 'its permissions cannot be read';
    throw new ConnectError('profile.untrusted', { file: path, reason }, { cause });
  }
}

/**
 * Non-administrators among the owner and the allow entries with a right to change.
 * @see [MS-DTYP] §2.5.1, Security Descriptor Definition Language
 */
export function writersInSddl(sddl: string): readonly string[] {
  const owner = /O:(S-[\d-]+|[A-Z]{2})/.exec(sddl)?.[1] ?? 'unknown';
  const entries = [...sddl.matchAll(/\((X?A);([^;]*);([^;]*);[^;]*;[^;]*;([^;)]+)[^)]*\)/g)];
  const writers = entries
    .filter(([, , flags = '', rights = '']) => !flags.includes('IO') && mayWrite(rights))
    .map(([, , , , account = '']) => account);
  return [owner, ...writers].filter((account) => !administrators.includes(account));
}

function mayWrite(rights: string): boolean {
  if (!rights.startsWith('0x')) {
    return (rights.match(/../g) ?? []).some((right) => writeRights.includes(right));
  }
  const bits = BigInt(rights);
  return (bits & BigInt(writeMask)) !== 0n || (bits & BigInt(genericWrite)) !== 0n;
}
