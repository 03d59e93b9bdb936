// Where errors are provoked: a company with one server, an employee, and what she is told in the end.
import assert from 'node:assert/strict';
import { ConnectError, type ErrorCode, type Facts } from '../../../src/core/errors.ts';
import { explain } from '../../../src/core/present/sentences.ts';
import type {
  AuthorizationServerSetup,
  IdentityProviderSetup,
  ServerSetup,
} from '../../../src/sandbox/setup.ts';
import type { Employee } from '../../support/employee.ts';
import {
  openVendorCompany,
  type Circumstances,
  type ProfileChanges,
  type VendorCompany,
} from '../vendors/vendorCompany.ts';

/** What a person is shown of a failure. */
export interface Told {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly remedy: string;
  readonly action: string;
}

/** Makes a real exchange go wrong, and returns what the person was told. */
export type Provocation = (scene: Scene) => Promise<Told>;

export interface Company {
  readonly identityProvider?: IdentityProviderSetup;
  /** It makes things known to everybody at once. */
  readonly makesKnown?: true;
  /** Who guards the server. */
  readonly guard?: Omit<AuthorizationServerSetup, 'id' | 'label'>;
  readonly server?: Partial<Omit<ServerSetup, 'id' | 'label' | 'authorizationServer'>>;
}

export interface Asking {
  readonly profile?: ProfileChanges;
  readonly circumstances?: Circumstances;
  /** Before anybody signs in. */
  readonly before?: (company: VendorCompany) => Promise<unknown>;
}

export interface Scene {
  readonly open: (company: Company) => Promise<VendorCompany>;
  /** Alice, and what the sign-in left at her one server. */
  readonly signedIn: (
    company: Company,
    asking?: Asking,
  ) => Promise<{ at: VendorCompany; alice: Employee }>;
  /** What she is told at the server after she signed in. */
  readonly atServer: (company: Company, asking?: Asking) => Promise<Told>;
  /** What she is told of the sign-in itself. */
  readonly atSignIn: (company: Company, asking?: Asking) => Promise<Told>;
  /** Ends it with the test. */
  readonly onEnd: (close: () => unknown) => void;
  readonly close: () => Promise<void>;
}

export function createScene(): Scene {
  const closing: (() => unknown)[] = [];
  const onEnd = (close: () => unknown) => void closing.push(close);
  const open: Scene['open'] = async ({
    identityProvider = {},
    guard,
    server,
    makesKnown = false,
  }) => {
    const at = await openVendorCompany({
      ...{ emergencyStop: makesKnown, sharedSignals: makesKnown },
      identityProvider,
      authorizationServers: [{ id: 'guard', label: 'Guard', ...guard }],
      servers: [
        {
          ...{ id: 'notes', label: 'Notes', authorizationServer: 'guard' },
          scopes: ['notes:read', 'notes:write'],
          ...server,
        },
      ],
    });
    onEnd(() => at.stop());
    return at;
  };
  const signedIn: Scene['signedIn'] = async (company, { before, profile, circumstances } = {}) => {
    const at = await open(company);
    await before?.(at);
    return { at, alice: await at.settled('alice', profile, circumstances) };
  };
  return {
    open,
    onEnd,
    signedIn,
    atServer: async (company, asking) => {
      const { alice } = await signedIn(company, asking);
      return toldAtServer(alice);
    },
    atSignIn: async (company, { before, profile, circumstances } = {}) => {
      const at = await open(company);
      await before?.(at);
      const alice = await at.employee('alice', profile, circumstances);
      return toldOf(alice, await rejection(alice.signIn()));
    },
    close: async () => {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

/** What the row of her one server says. */
export function toldAtServer({ connections }: Employee): Told {
  const overview = connections.overview();
  const [{ state, failure, label } = { label: '' }] = overview.connections;
  assert.ok(failure, `nothing went wrong: ${JSON.stringify(state)}`);
  return toldFrom(overview, failure, label);
}

/** What is said of an error to whoever began what failed; `server` where it is about one. */
export function toldOf({ connections }: Employee, error: unknown, server?: string): Told {
  const { code, facts } = ConnectError.from(error);
  return toldFrom(connections.overview(), { code, facts }, server);
}

export function toldFrom(
  overview: ReturnType<Employee['connections']['overview']>,
  { code, facts }: { code: ErrorCode; facts: Facts },
  server?: string,
): Told {
  const { organization, managed, people } = overview;
  const identityProvider = people[0]?.label;
  return { code, ...explain(code, { organization, managed, server, identityProvider, facts }) };
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  assert.ok(outcome, 'nothing went wrong');
  return outcome.error;
}

type Fetch = typeof globalThis.fetch;

/** Somebody on the way to `place` who answers instead of it. */
export function inTheWay(
  place: (url: URL, init: RequestInit | undefined) => boolean,
  answer: (url: URL) => Response | Promise<Response>,
): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return place(url, init) ? answer(url) : globalThis.fetch(input, init);
  };
}

export function bodyOf(init: RequestInit | undefined): string {
  const { body } = init ?? {};
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  return typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : '';
}

export const isMcp = ({ pathname }: URL): boolean => pathname === '/mcp';
