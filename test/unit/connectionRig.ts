// A connection and its token broker between a company and a server on command.
import assert from 'node:assert/strict';
import { bearerToken } from '../../src/core/access/accessToken.ts';
import type { Access } from '../../src/core/access/accessRequest.ts';
import { Connection } from '../../src/core/connection/connection.ts';
import type { HistoryEntry } from '../../src/core/connection/history.ts';
import { ConnectError, type ErrorCode, type Facts } from '../../src/core/errors.ts';
import type { ServerProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import { TokenBroker } from '../../src/core/connection/tokenBroker.ts';
import { serverEntry } from '../support/entries.ts';
import { FakeClock } from '../support/fakeClock.ts';

const server = serverEntry({ scopes: ['read', 'write'], writeScopes: ['admin'] });
const target = {
  resource: 'https://tickets.example/mcp',
  authorizationServer: { issuer: 'https://auth.example' },
  identityProvider: { issuer: 'https://idp.example' },
  binding: undefined,
};
export const never = new AbortController().signal;

/** Real connection and broker; fakes at mint, probe and clock. One observation. */
export function harness(
  options: {
    lifeSec?: number;
    scopes?: string[];
    checkMinutes?: number;
    capMinutes?: number;
    stalenessMinutes?: number;
    server?: Partial<ServerProfile>;
  } = {},
) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const world = {
    mint: undefined as ErrorCode | undefined,
    /** Scopes the company never grants; `narrow`: silently. */
    withheld: [] as string[],
    narrow: false,
    /** What the server wants before it lists its tools. */
    needs: undefined as Facts | undefined,
    proven: [] as string[],
    versions: [] as (string | undefined)[],
    interactions: [] as boolean[],
    page: undefined as string | undefined,
    facts: {} as Facts,
    probe: undefined as ErrorCode | undefined,
    hold: undefined as Promise<void> | undefined,
    minted: 0,
    asked: [] as string[],
    had: false,
    used: 0,
    history: [] as HistoryEntry[],
  };
  const broker = new TokenBroker({
    clock,
    orphaned: (_, { token }) => seen.push(`orphan ${token.secret.reveal()}`),
  });
  const connection = new Connection(
    { ...server, ...options.server },
    {
      broker,
      judge: (error) => error,
      mint: async ({ scopes, onStep, openInteraction }): Promise<Access> => {
        onStep('exchange');
        world.asked.push(scopes.join(' '));
        await world.hold;
        world.interactions.push(openInteraction !== undefined);
        if (world.page !== undefined && !(await openInteraction?.(world.page))) {
          throw new ConnectError(
            openInteraction === undefined ? 'redemption.interactionRequired' : 'user.cancelled',
          );
        }
        if (world.mint !== undefined) throw new ConnectError(world.mint, world.facts);
        const isWithheld = scopes.some((scope) => world.withheld.includes(scope));
        if (isWithheld && !world.narrow)
          throw new ConnectError('exchange.scopeRefused', world.facts);
        const granted = scopes.filter((scope) => !world.withheld.includes(scope));
        return {
          token: bearerToken(new Secret(`t${++world.minted}`)),
          scopes: options.scopes ?? granted,
          receivedAt: { monotonicMs: clock.monotonic(), wallMs: clock.now() },
          lifeMs: Math.min(options.lifeSec ?? 3600, (options.capMinutes ?? 60) * 60) * 1000,
          serverLifeMs: (options.lifeSec ?? 3600) * 1000,
          authorizationServer: { issuer: 'https://auth.example' },
          target,
        };
      },
      probe: ({ token, version }) => {
        world.versions.push(version);
        if (world.probe !== undefined) return Promise.reject(new ConnectError(world.probe));
        const { scopes } = broker.held(server.id) ?? { scopes: [] as readonly string[] };
        const needed = world.needs?.scopes?.split(' ') ?? [];
        if (world.needs !== undefined && !needed.every((one) => scopes.includes(one))) {
          return Promise.reject(new ConnectError('server.insufficientScope', world.needs));
        }
        world.proven.push(token.secret.reveal());
        return Promise.resolve({
          tools: [{ name: 'search', readOnly: true }],
          version: '2025-06-18',
        });
      },
      onShut: () => undefined,
      onReduced: () => undefined,
      giveBack: ({ token }) => {
        seen.push(`gave back ${token.secret.reveal()}`);
        return Promise.resolve(false);
      },
      history: {
        hadAccess: () => world.had,
        accessGranted: () => {
          world.had = true;
        },
        entries: () => world.history,
        add: (entry) => {
          world.history.push(entry);
        },
      },
      onUse: () => {
        world.used++;
      },
      limits: () => ({
        checkIntervalMs: (options.checkMinutes ?? 15) * 60_000,
        maxStalenessMs: (options.stalenessMinutes ?? 30) * 60_000,
      }),
      clock,
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
      random: () => 0,
    },
  );
  connection.onDidChange(() => {
    const { state } = connection.snapshot();
    const word = state.kind === 'connecting' ? `connecting:${state.step}` : state.kind;
    if (seen.at(-1) !== word) seen.push(word);
  });
  const watchGate = () => {
    const { gate } = connection;
    assert.ok(gate instanceof AbortSignal);
    gate.addEventListener('abort', () => {
      seen.push(`cut ${(gate.reason as ConnectError).code}`);
    });
  };
  return { clock, connection, broker, world, seen, watchGate };
}
