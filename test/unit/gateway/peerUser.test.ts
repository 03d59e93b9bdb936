// A key in the wrong hands: another user of the same computer, who reaches the port as anybody does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PeerUsers } from '../../../src/gateway/peerUser.ts';
import { createRig, server, type Rig } from './rig.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? '' : ' (needs root: skipped)';

/** Asks with the right key. */
const script = `
  const net = require('node:net');
  const [port, headers, body] = process.argv.slice(1);
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write('POST /mcp/tickets HTTP/1.1\\r\\nHost: 127.0.0.1:' + port + '\\r\\n' + headers +
      'Content-Type: application/json\\r\\nAccept: application/json, text/event-stream\\r\\nContent-Length: ' +
      Buffer.byteLength(body) + '\\r\\n\\r\\n' + body);
  });
  socket.once('data', (data) => { console.log(String(data).split('\\r\\n')[0]); socket.destroy(); });
`;

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c' } };
const begin = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });

describe('T3 a key in the hands of another user of this computer', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig(server(), { transport: 'tcp' });
  });
  afterEach(() => rig.dispose());

  const ask = async (uid: number | undefined): Promise<string> => {
    const { address } = rig;
    assert.ok(address.kind === 'tcp');
    const headers = Object.entries(rig.gateway.key())
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const values = [String(address.port), headers, begin];
    const child = spawn(process.execPath, ['-e', script, ...values], {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    await once(child, 'close');
    return text.trim();
  };

  it(`opens nothing, and is told apart from no key by nobody${asRoot}`, async function () {
    if (!isRoot) this.skip();
    assert.equal(await ask(undefined), 'HTTP/1.1 200 OK');
    const { length } = rig.seen;
    assert.equal(await ask(nobody), 'HTTP/1.1 404 Not Found');
    assert.equal(rig.seen.length, length, 'the server was not asked');
  });

  const head =
    'sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode';
  const row = (user: number, { inode = 4711, from = '0100007F:C001', to = '0100007F:72E8' } = {}) =>
    `${head}\n 0: ${from} ${to} 01 00000000:00000000 00:00000000 00000000 ${user} 0 ${inode} 1`;
  const mapped = '0000000000000000FFFF00000100007F';
  const cases: readonly [why: string, expected: boolean, tcp: string, tcp6?: string][] = [
    ['this user', true, row(1000)],
    [
      'this user, by way of IPv6',
      true,
      head,
      row(1000, { from: `${mapped}:C001`, to: `${mapped}:72E8` }),
    ],
    ['another', false, row(1001)],
    ['one who has left', false, row(1000, { inode: 0 })],
    ['nobody', false, head],
    [
      'the other end of this user',
      false,
      row(1000, { from: '0100007F:72E8', to: '0100007F:C001' }),
    ],
    ['another address of this user', false, row(1000, { from: '0200007F:C001' })],
  ];
  for (const [why, expected, tcp, tcp6 = ''] of cases) {
    it(`the table names ${why}`, async () => {
      const read = (file: string) => Promise.resolve(file.endsWith('6') ? tcp6 : tcp);
      const ends = { remotePort: 0xc001, localPort: 0x72e8 };
      assert.equal(await new PeerUsers(1000, read).isOurs(ends), expected);
    });
  }

  it('many that come at once are found in one reading, which begins after they came', async () => {
    const readings: string[] = [];
    const users = new PeerUsers(1000, (file) => {
      readings.push(file);
      return Promise.resolve(row(1000));
    });
    const come = (count: number) =>
      Array.from({ length: count }, () => users.isOurs({ remotePort: 0xc001, localPort: 0x72e8 }));
    await Promise.all(come(50));
    const { length } = readings;
    assert.ok(length <= 4, `${length} readings`);
    await Promise.all(come(1));
    assert.ok(readings.length > length);
  });

  it('one that two readings miss is looked for again, and not for ever', async () => {
    const missedBy = (most: number) => {
      let readings = 0;
      return new PeerUsers(1000, (file) => {
        if (!file.endsWith('6')) readings++;
        return Promise.resolve(file.endsWith('6') || readings <= most ? head : row(1000));
      });
    };
    const ends = { remotePort: 0xc001, localPort: 0x72e8 };
    assert.equal(await missedBy(2).isOurs(ends), true);
    assert.equal(await missedBy(3).isOurs(ends), false);
  });

  it('a socket that is closed already is nobody’s; where no system says, the key decides', async () => {
    const gone = {};
    assert.equal(await new PeerUsers(1000, () => Promise.resolve(head)).isOurs(gone), false);
    const silent = () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' }));
    assert.equal(await new PeerUsers(1000, silent).isOurs(gone), true);
  });
});
