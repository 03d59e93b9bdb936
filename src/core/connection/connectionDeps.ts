// What a connection needs from the company it belongs to.
import type { Access } from '../access/accessRequest.ts';
import type { ConnectError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { ConfirmationLimits } from './confirmation.ts';
import type { RecordDeps } from './record.ts';
import type { ServerAccessDeps } from './serverAccess.ts';

export interface ConnectionDeps extends ServerAccessDeps, RecordDeps {
  /** Names what the company sign-in makes of a refusal. */
  readonly judge: (error: ConnectError) => ConnectError;
  /** RFC 7009, best effort; never rejects. @returns whether its server was told */
  readonly giveBack: (access: Access) => Promise<boolean>;
  /** Called, by whatever client. */
  readonly onUse: () => void;
  readonly limits: () => ConfirmationLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}
