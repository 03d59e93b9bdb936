// What the organization rules about all its connections.
import * as v from 'valibot';
import { described, minutes, whole, yesOrNo } from './fields.ts';

const checkIntervalSchema = v.pipe(
  v.strictObject({
    default: v.optional(described(minutes(1, 60), 'Minutes between checks.'), 15),
    min: v.optional(described(minutes(1, 60), 'Least a person may set.'), 1),
    max: v.optional(described(minutes(1, 60), 'Most a person may set.'), 60),
  }),
  v.check(
    (limits) => limits.min <= limits.default && limits.default <= limits.max,
    'must have min <= default <= max',
  ),
);

export const limitsSchema = v.strictObject({
  checkIntervalMinutes: v.optional(
    described(checkIntervalSchema, 'How often the company is asked whether access still stands.'),
    {},
  ),
  tokenCapMinutes: v.optional(
    described(
      minutes(5, 1440),
      'Access is given up and asked for anew after so many minutes, however long the server would take it.',
    ),
    30,
  ),
  maxStalenessMinutes: v.optional(
    described(
      minutes(0, 1440),
      'While nobody can be asked, connections stay open for so many minutes after the last yes; 0 (strict): not at all.',
    ),
    30,
  ),
  connectAtStart: v.optional(
    described(
      whole(0, 100, 'whole'),
      'Servers, those used last, that connect when VS Code starts; the others connect at their first use.',
    ),
    5,
  ),
});

const allowed = (description: string) => v.optional(described(yesOrNo, description), false);

/** Agents other than VS Code's own chat that connections are given to. */
export const harnessesSchema = v.strictObject({
  agentHost: allowed(
    "VS Code's agent-host sessions. VS Code then keeps the key of the window on disk; it is worthless once the window is gone.",
  ),
  otherClients: allowed(
    'Other MCP clients on the same computer, each with a key of its own that the person makes and takes back.',
  ),
});
