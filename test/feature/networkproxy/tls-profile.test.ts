import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, getCiphers, type TLSSocket } from 'node:tls';
import { hello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { ecCertificate, rsaCertificate } from '../../tools/table-certificate.ts';
import { Harness } from './harness.ts';

/**
 * Mozilla's server side TLS guidelines 6.0, profile "intermediate" (ssl-config.mozilla.org/guidelines/6.0.json). What 5.x adds to it, DHE
 * suites, stays within the older profile when it is missing; X25519MLKEM768 was added by it.
 */
const intermediate = {
  versions: ['TLSv1.2', 'TLSv1.3'],
  suites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ciphers: [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ],
  groups: ['X25519MLKEM768', 'X25519', 'prime256v1', 'secp384r1'],
};

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const otherSuites = ['TLS_AES_128_CCM_SHA256'];
const otherGroups = ['secp521r1', 'X448', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'MLKEM768', 'MLKEM1024', 'ffdhe2048', 'ffdhe3072'];
const anything = 'ALL:@SECLEVEL=0';
/** What a client's TLS library says when the server ended the handshake, rather than the client's own options. */
const refusedByServer = /alert|ECONNRESET|socket disconnected/i;

describe('the default TLS settings are those of Mozilla\'s profile "intermediate"', () => {
  let harness: Harness;

  before(async () => {
    harness = await Harness.start({
      protocol: 'https',
      routes: [{ host: 'a.example', tls: { kind: 'terminate', certificates: ['t/ec', 't/rsa'] } }],
      certificates: [await ecCertificate('t/ec', 'a.example'), await rsaCertificate('t/rsa', 'a.example')],
    });
  });

  after(() => harness[Symbol.asyncDispose]());

  /** A client that insists on its options. */
  async function dial(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ port: harness.port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    socket.on('error', () => {});
    return socket;
  }

  /** Which of `candidates` lead to a handshake, when `options` insists on one; those that this client cannot offer are told apart. */
  async function accepted(candidates: readonly string[], options: (candidate: string) => ConnectionOptions) {
    const found = { accepted: [] as string[], refused: [] as string[], notOffered: [] as string[] };
    for (const candidate of candidates) {
      try {
        const socket = await dial(options(candidate));
        found.accepted.push(candidate);
        socket.destroy();
      } catch (error) {
        const { message, code = '' } = error as NodeJS.ErrnoException;
        found[refusedByServer.test(`${code} ${message}`) ? 'refused' : 'notOffered'].push(candidate);
      }
    }
    return found;
  }

  test('in their protocol versions', async () => {
    const found = await accepted(versions, (version) => ({
      minVersion: version as ConnectionOptions['minVersion'],
      maxVersion: version as ConnectionOptions['maxVersion'],
      ciphers: anything,
    }));
    assert.deepEqual(found, { accepted: intermediate.versions, refused: ['TLSv1', 'TLSv1.1'], notOffered: [] });
  });

  test('in their suites of TLS 1.3', async () => {
    const all = [...intermediate.suites, ...otherSuites];
    const found = await accepted(all, (ciphers) => ({ ciphers, minVersion: 'TLSv1.3' }));
    assert.deepEqual(found, { accepted: intermediate.suites, refused: otherSuites, notOffered: [] });
  });

  test('in their suites of TLS 1.2, of all that OpenSSL has', async () => {
    const all = getCiphers()
      .map((name) => name.toUpperCase())
      .filter((name) => !name.startsWith('TLS_'));
    const found = await accepted(all, (name) => ({ ciphers: `${name}:@SECLEVEL=0`, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
    assert.deepEqual(found.accepted.sort(), intermediate.ciphers.toSorted());
    for (const weak of ['AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256'])
      assert.ok(found.refused.includes(weak), weak);
    assert.ok(found.refused.length > 20, `${found.refused.length} suites were offered and refused`);
  });

  test('in their groups', async () => {
    const found = await accepted([...intermediate.groups, ...otherGroups], (ecdhCurve) => ({ ecdhCurve, minVersion: 'TLSv1.3' }));
    assert.deepEqual(found.accepted, intermediate.groups);
    assert.deepEqual([...found.refused, ...found.notOffered].sort(), otherGroups.toSorted());
    assert.ok(found.refused.includes('secp521r1') && found.refused.includes('X448'));
    const with12 = await accepted(['X25519', 'prime256v1', 'secp384r1', 'secp521r1'], (ecdhCurve) => ({
      ecdhCurve,
      maxVersion: 'TLSv1.2',
    }));
    assert.deepEqual(with12.accepted, ['X25519', 'prime256v1', 'secp384r1']);
  });

  test("in leaving the order of suites to the client, and in preferring the post-quantum group to the client's first", async () => {
    for (const ciphers of [intermediate.ciphers, intermediate.ciphers.toReversed()]) {
      const socket = await dial({ ciphers: ciphers.join(':'), maxVersion: 'TLSv1.2' });
      assert.equal(socket.getCipher().name, ciphers[0]);
      socket.destroy();
    }
    for (const suites of [intermediate.suites, intermediate.suites.toReversed()]) {
      const socket = await dial({ ciphers: suites.join(':'), minVersion: 'TLSv1.3' });
      assert.equal(socket.getCipher().name, suites[0]);
      socket.destroy();
    }
    const socket = await dial({});
    assert.equal((socket.getEphemeralKeyInfo() as { name?: string }).name, 'X25519MLKEM768');
    socket.destroy();
  });

  test('in refusing renegotiation', async () => {
    const socket = await dial({ maxVersion: 'TLSv1.2' });
    const problem = await new Promise<Error | null>((resolve) => {
      socket.once('error', resolve);
      socket.renegotiate({ rejectUnauthorized: false }, resolve);
    });
    assert.match(String(problem), /no.renegotiation/i);
    socket.destroy();
  });

  test('in never compressing, also when a client asks for it, and in naming secure renegotiation to those who look for it', async () => {
    const extra = [
      [0xff01, Buffer.from([0])], // renegotiation_info
      [10, Buffer.from('0004001d0017', 'hex')], // supported_groups
      [13, Buffer.from('00020403', 'hex')], // signature_algorithms
    ] as const;
    const message = hello({ serverName: 'a.example', versions: [0x0303], extra });
    // The only suite of it that an EC certificate fits is the last; its list of compression methods is 01 00.
    const methods = message.indexOf(Buffer.from('c02b0100', 'hex'));
    assert.ok(methods > 0);
    const asking = Buffer.concat([message.subarray(0, methods), Buffer.from('c02b020100', 'hex'), message.subarray(methods + 4)]);
    asking.writeUInt16BE(asking.readUInt16BE(3) + 1, 3);
    asking.writeUIntBE(asking.readUIntBE(6, 3) + 1, 6, 3);
    const socket = connectTcp(harness.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(asking);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.deepEqual([answer[0], answer[5]], [22, 2], 'a ServerHello');
    const sessionIdBytes = answer.readUInt8(43);
    assert.equal(answer.readUInt16BE(44 + sessionIdBytes), 0xc02b);
    assert.equal(answer.readUInt8(46 + sessionIdBytes), 0, 'null compression');
    assert.ok(answer.includes(Buffer.from('ff01000100', 'hex')), 'renegotiation_info (RFC 5746)');
    socket.destroy();
  });
});
