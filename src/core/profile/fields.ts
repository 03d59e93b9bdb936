// Parts of the organization profile that stand in several places.
import * as v from 'valibot';

export const described = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description));

export const whole = (low: number, high: number, what: string) =>
  v.pipe(
    v.number('must be a number'),
    v.integer(`must be ${what}`),
    v.minValue(low, `must be at least ${low}`),
    v.maxValue(high, `must be at most ${high}`),
  );
export const minutes = (low: number, high: number) => whole(low, high, 'whole minutes');

export const yesOrNo = v.boolean('must be true or false');
