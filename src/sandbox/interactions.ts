// Confirmations people owe an authorization server before it gives access for them.
// @see draft-parecki-oauth-jwt-grant-interaction-response
import { randomUUID } from 'node:crypto';
import { Refusal } from './refusal.ts';
import type { AuthorizationServerSetup } from './setup.ts';

export interface Asked {
  /** Id of the ID-JAG. */
  readonly jti: string;
  readonly person: string;
  readonly clientId: string;
}

export interface Interactions {
  /** @throws Refusal until the person has confirmed */
  require(asked: Asked): void;
  /** Whether this ID-JAG is sent again only because the person is not done yet. */
  isPending(jti: string): boolean;
  /** Whose confirmation a page is for. */
  personOf(id: string): string | undefined;
  answer(id: string, answer: 'confirmed' | 'declined'): void;
  /** Back to nobody having confirmed anything. */
  readonly forget: () => void;
}

interface Interaction extends Asked {
  readonly id: string;
  readonly expiresAtMs: number;
  answer: 'confirmed' | 'declined' | undefined;
  intervalSec: number;
  askedAtMs: number;
}

const plain = { intervalSec: 5, expiresInSec: 600 };
const slowerSec = 5;

export function createInteractions(
  setup: NonNullable<AuthorizationServerSetup['interaction']>,
  pageUrl: (id: string) => string,
): Interactions {
  const open = new Map<string, Interaction>();
  const consents = new Set<string>();
  const consentOf = ({ person, clientId }: Asked) => `${person} ${clientId}`;
  const find = (id: string) => [...open.values()].find((one) => one.id === id);
  const expiresInSec = setup.expiresInSec ?? plain.expiresInSec;

  function start(asked: Asked): never {
    const id = randomUUID();
    open.set(asked.jti, {
      ...asked,
      id,
      answer: undefined,
      expiresAtMs: Date.now() + expiresInSec * 1000,
      intervalSec: setup.intervalSec ?? plain.intervalSec,
      askedAtMs: Date.now(),
    });
    const details = { interaction_uri: pageUrl(id), expires_in: expiresInSec };
    const { intervalSec: interval } = setup;
    throw new Refusal(
      { error: 'interaction_required', description: 'somebody must confirm this first' },
      interval === undefined ? details : { ...details, interval },
    );
  }

  return {
    require(asked) {
      const interaction = open.get(asked.jti);
      if (interaction !== undefined) {
        const answer = poll(interaction);
        open.delete(asked.jti);
        if (answer !== 'confirmed') throw refusals[answer]();
        consents.add(consentOf(asked));
      }
      if (!consents.has(consentOf(asked))) start(asked);
    },
    isPending: (jti) => open.has(jti),
    personOf: (id) => find(id)?.person,
    answer(id, answer) {
      Object.assign(find(id) ?? {}, { answer });
    },
    forget() {
      open.clear();
      consents.clear();
    },
  };
}

const refusals = {
  declined: () => new Refusal({ error: 'access_denied', description: 'the person said no' }),
  expired: () => new Refusal({ error: 'invalid_grant', description: 'nobody confirmed in time' }),
};

/** @throws Refusal while there is no answer */
function poll(interaction: Interaction): 'confirmed' | 'declined' | 'expired' {
  const now = Date.now();
  if (now >= interaction.expiresAtMs) return 'expired';
  // A timer of the client may be a little early.
  const tooSoon = now - interaction.askedAtMs < interaction.intervalSec * 1000 - 100;
  interaction.askedAtMs = now;
  if (tooSoon) {
    interaction.intervalSec += slowerSec;
    throw new Refusal({ error: 'slow_down', description: 'not so often' });
  }
  if (interaction.answer !== undefined) return interaction.answer;
  throw new Refusal({ error: 'interaction_pending', description: 'nobody has confirmed this yet' });
}
