// What a connection needs from the company it belongs to.
import type { Access } from '../access/accessRequest.ts';
import type { ConnectError, ErrorCode } from '../errors.ts';
import type { Clock, Log, OpenUrl } from '../ports.ts';
import type { ConfirmationLimits } from './confirmation.ts';
import type { Detector } from './history.ts';
import type { RecordDeps } from './record.ts';
import type { ServerAccessDeps } from './serverAccess.ts';

export interface ConnectHow {
  /** Opens the page a server wants confirmed; only there when the person has asked for it. */
  readonly openInteraction?: OpenUrl | undefined;
  /** The company is asked, whatever other windows were answered. */
  readonly isAnew?: boolean;
}

export interface ConnectionDeps extends ServerAccessDeps, RecordDeps {
  /** Names what the company sign-in makes of a refusal. */
  readonly judge: (error: ConnectError) => ConnectError;
  /** Closed, and nothing is held any more; nobody has been shown it yet. */
  readonly onShut: (error: ConnectError, detector: Detector) => void;
  /** The company has answered with less than before. */
  readonly onReduced: () => void;
  /** RFC 7009, best effort; never rejects. @returns whether its server was told */
  readonly giveBack: (access: Access, code: ErrorCode) => Promise<boolean>;
  /** Called, by whatever client. */
  readonly onUse: () => void;
  readonly limits: () => ConfirmationLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}
