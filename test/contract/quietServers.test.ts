// Servers that would rather not be asked about: the company is asked whatever they publish, or do not, and
// what they do is never taken for something the company did.
import assert from 'node:assert/strict';
import { systemClock } from '../../src/node/systemClock.ts';
import { openVendorCompany, type VendorCompany } from './vendors/vendorCompany.ts';

describe('a server that goes quiet', function () {
  this.timeout(30_000);
  const world = {} as { at: VendorCompany };
  beforeEach(async () => {
    world.at = await openVendorCompany({
      authorizationServers: [{ id: 'guard', label: 'Guard' }],
      servers: [{ id: 'notes', label: 'Notes', authorizationServer: 'guard', scopes: ['notes'] }],
    });
  });
  afterEach(() => world.at.stop());

  /** Alice is connected; what was published is remembered no more, and `answer` stands in for it. */
  const open = async (place: RegExp, answer: (url: URL) => Response) => {
    const skipped = { ms: 0 };
    const alice = await world.at.settled(
      'alice',
      {},
      {
        clock: {
          ...systemClock,
          monotonic: () => systemClock.monotonic() + skipped.ms,
        },
        fetch: (input, init) => {
          const url = new URL(input instanceof Request ? input.url : input);
          const isInTheWay = skipped.ms > 0 && place.test(url.pathname);
          return isInTheWay ? Promise.resolve(answer(url)) : fetch(input, init);
        },
      },
    );
    assert.equal(alice.state('notes')?.kind, 'connected');
    // Metadata is kept for a day at most.
    skipped.ms = 25 * 3_600_000;
    return alice;
  };

  const places = {
    'the MCP server': /oauth-protected-resource|^\/mcp$/,
    'its authorization server': /oauth-authorization-server/,
  };
  const silences: Readonly<Record<string, () => Response>> = {
    'an outage': () => new Response('later', { status: 503 }),
    'a redirect': () =>
      new Response(null, { status: 302, headers: { location: 'https://x.example' } }),
    'no such page': () => new Response('no', { status: 404 }),
    'a refusal': () => Response.json({ error: 'no' }, { status: 403 }),
  };
  for (const [who, place] of Object.entries(places)) {
    for (const [what, answer] of Object.entries(silences)) {
      it(`cannot hide a removal behind ${what} of ${who}`, async () => {
        const alice = await open(place, answer);
        await world.at.sandbox.admin.remove('alice', 'notes');
        await alice.connections.checkNow();
        assert.equal(
          alice.state('notes')?.kind,
          'accessRemoved',
          JSON.stringify(alice.state('notes')),
        );
      });

      it(`stays open through ${what} of ${who}, as long as the company says yes`, async () => {
        const alice = await open(place, answer);
        await alice.connections.checkNow();
        assert.equal(alice.state('notes')?.kind, 'connected');
      });
    }
  }

  it('that calls itself something else is not said to have been removed by the company', async () => {
    const alice = await open(/oauth-protected-resource/, (url) =>
      Response.json({
        resource: url.origin,
        authorization_servers: [world.at.sandbox.line.servers[0]!.authorizationServer],
      }),
    );
    await alice.connections.checkNow();
    const { state, code } = world.at.ending(alice, 'notes');
    assert.deepEqual([state, code], ['misconfigured', 'discovery.resourceMismatch']);
  });
});
