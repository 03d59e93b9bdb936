// What the gateway promises, and what of it was found.
import type { CallsResult, GatewayResults } from './results.ts';

export type Target = { readonly what: string; readonly found: number } & (
  | { readonly most: number; readonly least?: undefined }
  | { readonly least: number; readonly most?: undefined }
);

type Ways = 'direct' | 'passthrough, socket' | 'bare fetch, socket' | 'gateway, socket';
type Found = (way: Ways) => CallsResult | undefined;

const gateway = 'gateway, socket';
const passthrough = 'passthrough, socket';
const bareFetch = 'bare fetch, socket';
const direct = 'direct';
const both = ['json', 'events'] as const;

const p50 = (one: CallsResult | undefined): number => one?.p50 ?? Number.NaN;

/** The worst among `tools`. */
function worst(
  { calls }: GatewayResults,
  { tools, parallel }: { tools: readonly CallsResult['tool'][]; parallel: number },
  figure: (found: Found) => number,
): number {
  const figures = tools.map((tool) =>
    figure((way) =>
      calls.find((one) => one.tool === tool && one.parallel === parallel && one.way === way),
    ),
  );
  return Math.max(...figures);
}

const speed = ({ streams }: GatewayResults, name: Ways): number =>
  streams.find(({ way }) => way === name)?.mibPerSecond ?? Number.NaN;

/** How much of what lies between the gateway and the passthrough is `fetch`, whoever calls it. */
export function shareOfFetch(results: GatewayResults): {
  readonly p50OfFetch: number;
  readonly p50OfGateway: number;
  readonly speedOfFetch: number;
  readonly speedOfGateway: number;
} {
  const one = { tools: both, parallel: 1 };
  return {
    p50OfFetch: worst(results, one, (of) => p50(of(bareFetch)) / p50(of(passthrough))),
    p50OfGateway: worst(results, one, (of) => p50(of(gateway)) / p50(of(bareFetch))),
    speedOfFetch: speed(results, bareFetch) / speed(results, passthrough),
    speedOfGateway: speed(results, gateway) / speed(results, bareFetch),
  };
}

/** What was promised, the worse of JSON and events. */
export function targetsOf(results: GatewayResults): readonly Target[] {
  const one = { tools: both, parallel: 1 };
  const stream = results.streams.find(({ way }) => way === gateway);
  return [
    {
      what: 'p50 of one call at a time, times that of the passthrough',
      most: 1.5,
      found: worst(results, one, (of) => p50(of(gateway)) / p50(of(passthrough))),
    },
    {
      what: '… more than direct, ms',
      most: 0.5,
      found: worst(results, one, (of) => p50(of(gateway)) - p50(of(direct))),
    },
    {
      what: 'p95 of 8 calls at once, ms',
      most: 5,
      found: worst(results, { tools: both, parallel: 8 }, (of) => of(gateway)?.p95 ?? Number.NaN),
    },
    {
      what: 'first byte of a stream later than direct, ms',
      most: 2,
      found: worst(
        results,
        { tools: ['first'], parallel: 1 },
        (of) => p50(of(gateway)) - p50(of(direct)),
      ),
    },
    {
      what: 'speed of a stream, part of the passthrough’s',
      least: 0.8,
      found: speed(results, gateway) / speed(results, passthrough),
    },
    {
      what: 'memory for it, MiB',
      most: 32,
      found: stream?.grownMib ?? Number.NaN,
    },
  ];
}
