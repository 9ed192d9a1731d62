import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RawHttp2 } from '../../tools/raw-http2.ts';
import { Backend } from './backend.ts';
import { Harness } from './harness.ts';
import { get, statusOf } from './raw-client.ts';

/** Ways to write /admin/x, or what some server would take for it. */
const spellings = [
  ...['/admin/x', '//admin/x', '/admin//x', '/./admin/x', '/y/../admin/x', '/y/z/../../admin/x', '/admin/./x', '/admin/y/../x'],
  ...[
    '/%61dmin/x',
    '/%61%64%6d%69%6e/x',
    '/admi%6E/x',
    '/%2e/admin/x',
    '/%2E/admin/x',
    '/y/%2e%2e/admin/x',
    '/y/.%2e/admin/x',
    '/y/%2e./admin/x',
  ],
  ...[
    '/admin%2fx',
    '/%2fadmin/x',
    '/y/..%2fadmin/x',
    '/y%2f..%2fadmin/x',
    '/%252e%252e/../admin/x',
    '/\\admin/x',
    '/admin\\x',
    '/%5cadmin/x',
  ],
  ...['/y/..%5cadmin/x', '/y/..;/admin/x', '/y/..;a=b/admin/x', '/.;/admin/x', '/y/%2e%2e;/admin/x', '/y/..%3b/admin/x', '/%00/../admin/x'],
  ...[
    '/admin/x%00',
    '/admin%00/x',
    '/y/%c0%ae%c0%ae/admin/x',
    '/../admin/x',
    '/%2e%2e/admin/x',
    '/admin/x?y',
    '/admin/x?/../../y',
    '/admin/x#y',
  ],
];

describe('a route with a path', () => {
  let admin: Backend;
  let other: Backend;
  let harness: Harness;

  before(async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    admin = await Backend.answering(answer);
    other = await Backend.answering(answer);
    const routes = [
      { path: '/admin', endpoints: [admin.port] },
      { path: '/', endpoints: [other.port] },
    ];
    harness = await Harness.start({ routes, config: { h2c: true } });
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await admin[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  for (const spelling of spellings) {
    it(`is not got past by ${spelling}: it takes the request under one spelling, or nobody does`, async () => {
      const seen = admin.received.join('').length;
      const status = statusOf(await get(harness.port, spelling));
      using client = await RawHttp2.connect(harness.port);
      assert.equal(await client.get(1, spelling), status, 'both versions judge alike');
      assert.deepEqual(other.received, [], 'nothing went the other way');
      const requests =
        admin.received
          .join('')
          .slice(seen)
          .match(/GET [^ ]+/g) ?? [];
      if (status === 200) {
        assert.equal(requests.length, 2);
        for (const request of requests) assert.match(request, /^GET \/admin\/x(?:\?.*)?$/);
      } else {
        assert.equal(status, 400);
        assert.deepEqual(requests, []);
      }
    });
  }
});
