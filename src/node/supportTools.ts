// What the commands of support need of this computer: looking through files, and a client at the gateway.
// Loaded when somebody runs one.
import { homedir } from 'node:os';
import { release } from 'node:os';
import { dryRun, rehearse, type Drilled, type Rehearsal } from '../core/drill/rehearsal.ts';
import type { DrillReport } from '../core/drill/report.ts';
import type { Clock, Log } from '../core/ports.ts';
import type { FileEntry } from '../core/shadow/shadows.ts';
import { createShadowWatch } from '../core/shadow/shadowWatch.ts';
import type { Witnessed } from '../core/witness.ts';
import { GatewayClient, type GatewayPlace } from './gatewayClient.ts';
import { scanFor } from './secretScan.ts';
import { readShadowFiles } from './shadowFiles.ts';
import { removeShadow } from './shadowRemoval.ts';

export interface SupportDeps {
  readonly connections: Drilled;
  readonly gateway: {
    readonly address: () => GatewayPlace | undefined;
    readonly key: () => Readonly<Record<string, string>>;
  };
  readonly isOffered: (serverId: string) => boolean;
  readonly witnessed: () => Witnessed;
  readonly clock: Clock;
  readonly log: Log;
  readonly platform: NodeJS.Platform;
  readonly environment: NodeJS.ProcessEnv;
  /** Of the editor, for this extension. */
  readonly globalStorage: string;
  readonly logs: string;
  readonly versions: Readonly<Record<'extension' | 'editor', string>>;
  /** Folders and the file of the workspace that are on this computer. */
  readonly workspace: () => {
    readonly folders: readonly string[];
    readonly file: string | undefined;
  };
}

/** Longest look for credentials, milliseconds. */
const scanMs = 60_000;

export type SupportTools = ReturnType<typeof createSupportTools>;

export function createSupportTools(deps: SupportDeps) {
  const { connections, platform, environment, globalStorage } = deps;
  const home = homedir();
  const watch = createShadowWatch({
    ...deps,
    servers: () => connections.overview().connections,
    read: () => {
      const { folders, file } = deps.workspace();
      return readShadowFiles({
        ...{ home, platform, environment, globalStorage },
        workspaceFolders: folders,
        workspaceFile: file,
      });
    },
  });
  return {
    shadow: {
      watch,
      home,
      remove: (entry: FileEntry) => removeShadow(entry, process.getuid?.()),
    },
    dryRun: (kind: Rehearsal['kind'], serverIds: readonly string[]) =>
      dryRun({ kind, serverIds }, connections),
    rehearse: (rehearsal: Rehearsal): Promise<DrillReport> =>
      rehearse(rehearsal, {
        ...deps,
        client: new GatewayClient(deps.gateway),
        scan: async (secrets) => ({
          ...(await scanFor(
            secrets.map((one) => one.reveal()),
            [globalStorage, deps.logs],
            AbortSignal.timeout(scanMs),
          )),
          credentials: secrets.length,
        }),
        versions: { ...deps.versions, system: `${platform} ${release()}` },
      }),
  };
}
