import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { Http2Client } from '../networkproxy/http2-client.ts';

describe('HTTP/2, objects in and real sockets out', () => {
  let a: NamedBackend;
  let b: NamedBackend;
  let objects: string;

  before(async () => {
    a = await NamedBackend.start('a');
    b = await NamedBackend.start('b');
    const shop = await makeTestCertificate('shop.example.com', '*.shop.example.com');
    const other = await makeTestCertificate('other.example.com');
    objects =
      ingressClass +
      service('a', a.port) +
      service('b', b.port) +
      tlsSecret('shop', shop) +
      tlsSecret('other', other) +
      ingress('one', {
        rules: {
          'shop.example.com': [
            ['/', 'Prefix', 'a'],
            ['/api', 'Prefix', 'b'],
          ],
          'x.shop.example.com': [['/', 'Prefix', 'b']],
          'other.example.com': [['/', 'Prefix', 'b']],
          'plain.example.com': [['/', 'Prefix', 'a']],
        },
        tls: [
          { hosts: ['shop.example.com', 'x.shop.example.com'], secret: 'shop' },
          { hosts: ['other.example.com'], secret: 'other' },
        ],
      });
  });

  after(async () => {
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  for (const transport of ['handoff', 'loopback']) {
    it(`serves the routes of many hosts on one connection and logs each request (${transport})`, async () => {
      await using program = await Program.start(objects, ['--network-proxy-transport', transport]);
      const client = await Http2Client.connect(program.httpsPort, 'shop.example.com');
      const cases = [
        ['shop.example.com', '/', 200, 'a'],
        ['shop.example.com', '/api/x', 200, 'b'],
        ['x.shop.example.com', '/', 200, 'b'],
        ['unknown.shop.example.com', '/', 404],
        ['other.example.com', '/', 421],
      ] as const;
      for (const [authority, path, status, body] of cases) {
        const answer = await client.ask(path, { authority });
        assert.equal(answer.status, status, `${authority}${path}`);
        if (body !== undefined) assert.equal(answer.body, body);
      }
      assert.equal(a.seen.at(-1)?.headers['x-forwarded-proto'], 'https');
      client.session.close();
      if (!client.session.closed || !client.session.destroyed) await once(client.session, 'close');
      await program.dataPlane.drain(5000);
      const { connectionsAccepted, connectionsActive, connectionsClosed, zombies } = program.dataPlane.snapshot();
      assert.deepEqual([connectionsAccepted, connectionsActive, zombies], [1, 0, 0], 'five requests, one connection');
      assert.equal(
        connectionsClosed.reduce((sum, count) => sum + count, 0),
        1,
      );
      const lines = (await program.finish()).filter(({ status }) => status !== undefined);
      assert.deepEqual(
        lines.map(({ protocol, status }) => `${protocol} ${status}`),
        cases.map(([, , status]) => `HTTP/2 ${status}`),
      );
    });
  }

  it('is offered on a plain port with --h2c alone', async () => {
    await using on = await Program.start(objects, ['--h2c']);
    await using client = await Http2Client.connect(on.httpPort);
    assert.equal((await client.ask('/', { authority: 'plain.example.com' })).body, 'a');
    assert.equal((await client.ask('/', { authority: 'shop.example.com' })).status, 308);
    assert.equal((await on.ask('plain.example.com', '/')).body, 'a', 'HTTP/1.1 on the same port');
    await using off = await Program.start(objects);
    await assert.rejects(Http2Client.connect(off.httpPort));
  });

  it('lets requests in hand finish when a route changes, and serves the next ones by the new table', async () => {
    await using program = await Program.start(objects);
    await using client = await Http2Client.connect(program.httpsPort, 'shop.example.com');
    assert.equal((await client.ask('/', { authority: 'shop.example.com' })).body, 'a');
    await program.apply(
      ingress('one', {
        rules: { 'shop.example.com': [['/', 'Prefix', 'b']] },
        tls: [{ hosts: ['shop.example.com'], secret: 'shop' }],
      }),
    );
    assert.equal((await client.ask('/', { authority: 'shop.example.com' })).body, 'b', 'on the same connection');
  });
});
