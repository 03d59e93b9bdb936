// What the commands of support need from outside the editor. Types only; src/extension.ts hands it in.
import type { DryRun, Rehearsal } from '../core/drill/rehearsal.ts';
import type { DrillReport } from '../core/drill/report.ts';
import type { ShadowConnections } from './shadowConnections.ts';

export interface SupportTools {
  readonly shadow: ShadowConnections;
  dryRun(kind: Rehearsal['kind'], serverIds: readonly string[]): DryRun;
  rehearse(rehearsal: Rehearsal): Promise<DrillReport>;
}
