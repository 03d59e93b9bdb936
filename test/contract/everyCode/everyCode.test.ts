// Every error code, reached by a real exchange that goes wrong, and what the person is told then. The words
// of the snapshot are reviewed, not written: UPDATE_SNAPSHOT=1 writes them anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { errorCodes, type ErrorCode } from '../../../src/core/errors.ts';
import { person, profile } from './elsewhere.ts';
import { exchange, redemption } from './exchange.ts';
import { identityProvider } from './identityProvider.ts';
import { discovery, network } from './network.ts';
import { organization } from './organization.ts';
import { createScene, type Provocation, type Scene, type Told } from './scene.ts';
import { gateway, server } from './server.ts';

const provocations: Readonly<Record<ErrorCode, Provocation>> = {
  ...profile,
  ...organization,
  ...network,
  ...discovery,
  ...identityProvider,
  ...exchange,
  ...redemption,
  ...server,
  ...gateway,
  ...person,
};

const snapshot = new URL('everyCode.snapshot.json', import.meta.url);
const isUpdate = process.env['UPDATE_SNAPSHOT'] === '1';

describe('every error code', function () {
  this.timeout(40_000);
  const told: Partial<Record<ErrorCode, Omit<Told, 'code'>>> = {};
  const reviewed = isUpdate
    ? {}
    : (JSON.parse(readFileSync(snapshot, 'utf8')) as Record<string, unknown>);
  const world = {} as { scene: Scene };
  beforeEach(() => {
    world.scene = createScene();
  });
  afterEach(() => world.scene.close());
  after(() => {
    if (isUpdate) writeFileSync(snapshot, `${JSON.stringify(told, undefined, 2)}\n`);
  });

  for (const code of errorCodes) {
    it(`${code} is reached, and says this`, async () => {
      const { code: reached, ...rest } = await provocations[code](world.scene);
      assert.equal(reached, code);
      const words = { ...rest, sentence: withoutPorts(rest.sentence) };
      told[code] = words;
      if (!isUpdate) assert.deepEqual(words, reviewed[code]);
    });
  }

  it('has a place in the snapshot, and nothing else has', () => {
    assert.deepEqual(Object.keys(isUpdate ? told : reviewed), [...errorCodes]);
    assert.deepEqual(Object.keys(provocations).sort(), [...errorCodes].sort());
  });
});

const withoutPorts = (sentence: string): string =>
  sentence.replace(/(127\.0\.0\.1|[\w.]*localhost):\d+/g, '$1:PORT');
