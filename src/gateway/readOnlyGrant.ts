import { isReadOnlyGrant } from '../core/connection/readOnly.ts';
import type { Grant } from './upstream.ts';

/** True while tools that may write are left out. */
export const isReadOnly = (grant: Grant | undefined): boolean =>
  grant?.hidesWriteTools === true && isReadOnlyGrant(grant);
