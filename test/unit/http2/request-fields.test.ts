import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientFacts } from '../../../src/networkproxy/client-facts.ts';
import type { RequestHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { HeaderField } from '../../../src/networkproxy/http2/hpack/header-field.ts';
import { RequestFields, withoutField } from '../../../src/networkproxy/http2/server/request-fields.ts';
import { type RawField, requestFields } from '../../tools/raw-http2.ts';

const limits = { maxBytes: 1000, maxTrailerBytes: 300, maxFields: 8, maxPathBytes: 50 };
const facts = { scheme: 'http', trusted: false } as ClientFacts;

function read(fields: readonly RawField[], isTrailers = false): RequestFields {
  const reader = new RequestFields(limits);
  reader.begin(isTrailers);
  for (const [name, value] of fields) reader.onField(new HeaderField(name, value));
  return reader;
}

function headOf(fields: readonly RawField[], endStream = true, by = facts): RequestHead {
  const head = read(fields).head(by, endStream);
  assert.ok(typeof head !== 'string', String(head));
  return head;
}

function ruleOf(fields: readonly RawField[], endStream = true, by = facts): unknown {
  const head = read(fields).head(by, endStream);
  return typeof head === 'string' ? head : 'none';
}

function without(name: string): readonly RawField[] {
  return requestFields().filter(([other]) => other !== name);
}

const webSocket: readonly RawField[] = [...requestFields('/chat', [], 'CONNECT'), [':protocol', 'websocket']];

describe('the fields of a request', () => {
  it('become a head with everything in it', () => {
    const head = headOf(
      requestFields(
        '/a//b?c',
        [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
        'PUT',
        'A.Example:81',
      ),
    );
    assert.deepEqual(head, {
      method: 'PUT',
      scheme: 'http',
      host: 'a.example',
      authority: 'A.Example:81',
      target: '/a/b?c',
      path: '/a/b',
      headers: ['x-a', '1', 'x-b', '2'],
      version: 20,
      body: { kind: 'none' },
      keepAlive: true,
      expectContinue: false,
      upgrade: undefined,
    });
  });

  it('say how the body is framed', () => {
    assert.deepEqual(headOf(requestFields(), false).body, { kind: 'chunked' });
    assert.deepEqual(headOf(requestFields('/', [['content-length', '5']]), false).body, { kind: 'length', bytes: 5 });
    assert.deepEqual(headOf(requestFields('/', [['content-length', '0']])).body, { kind: 'none' });
    assert.equal(ruleOf(requestFields('/', [['content-length', '5']])), 'content-length-mismatch');
  });

  it('have one cookie, where the first of its crumbs was', () => {
    const crumbs: readonly RawField[] = [
      ['x-a', '1'],
      ['cookie', 'a=1'],
      ['x-b', '2'],
      ['cookie', 'b=2'],
      ['cookie', ''],
    ];
    assert.deepEqual(headOf(requestFields('/', crumbs)).headers, ['x-a', '1', 'cookie', 'a=1; b=2; ', 'x-b', '2']);
  });

  it('take the authority from host when there is no :authority, and refuse one that differs', () => {
    assert.equal(headOf([...without(':authority'), ['host', 'B.example']]).host, 'b.example');
    assert.equal(headOf(requestFields('/', [['host', 'A.EXAMPLE:80']])).authority, 'a.example', 'the default port is the same');
    assert.equal(ruleOf(requestFields('/', [['host', 'b.example']])), 'authority-host-mismatch');
    assert.equal(ruleOf(without(':authority')), 'missing-host');
  });

  it('lose what no backend should get', () => {
    const dropped: readonly RawField[] = [
      ['te', 'trailers'],
      ['proxy', 'x'],
      ['x_real_ip', '1.2.3.4'],
      ['proxy-authorization', 'x'],
    ];
    assert.deepEqual(headOf(requestFields('/', dropped)).headers, []);
  });

  it('ask to go on only when a body follows', () => {
    assert.equal(headOf(requestFields('/', [['expect', '100-Continue']]), false).expectContinue, true);
    assert.equal(headOf(requestFields('/', [['expect', '100-continue']])).expectContinue, false);
    assert.equal(ruleOf(requestFields('/', [['expect', 'more']]), false), 'unknown-expectation');
  });

  it('are of the scheme of the connection, unless a trusted proxy says otherwise', () => {
    const https: readonly RawField[] = [[':scheme', 'https'], ...without(':scheme')];
    assert.equal(ruleOf(https), 'scheme-mismatch');
    assert.equal(headOf(https, true, { ...facts, trusted: true }).scheme, 'http');
    assert.equal(ruleOf([[':scheme', 'ftp'], ...without(':scheme')], true, { ...facts, trusted: true }), 'bad-scheme');
  });

  it('ask for a WebSocket as an HTTP/1.1 client does', () => {
    const head = headOf([...webSocket, ['sec-websocket-version', '13'], ['sec-websocket-key', 'chosen by the client']], false);
    assert.equal(head.method, 'GET');
    assert.equal(head.upgrade, 'websocket');
    assert.deepEqual(head.body, { kind: 'none' });
    assert.deepEqual(head.headers.slice(0, 3), ['sec-websocket-version', '13', 'sec-websocket-key']);
    assert.equal(Buffer.from(head.headers[3] ?? '', 'base64').length, 16);
    assert.equal(head.headers.length, 4, 'one key');
  });

  it('ask for nothing else by CONNECT', () => {
    assert.equal(ruleOf(webSocket), 'bad-connect');
    assert.equal(ruleOf([...webSocket, ['content-length', '0']], false), 'bad-connect');
    assert.equal(ruleOf([...requestFields('/', [], 'CONNECT'), [':protocol', 'connect-udp']], false), 'method-connect');
    assert.equal(
      ruleOf([
        [':method', 'CONNECT'],
        [':authority', 'a.example:443'],
      ]),
      'method-connect',
    );
    assert.equal(ruleOf(requestFields('/', [], 'CONNECT')), 'bad-connect');
    assert.equal(ruleOf([...requestFields(), [':protocol', 'websocket']], false), 'bad-connect');
  });

  for (const name of [':method', ':scheme', ':path']) {
    it(`are refused without ${name}, and with two`, () => {
      assert.equal(ruleOf(without(name)), 'missing-pseudo');
      assert.equal(ruleOf([[name, 'GET'], ...requestFields()]), 'duplicate-pseudo');
    });
  }

  it('are refused by their first fault, and a later one does not change that', () => {
    assert.equal(ruleOf([...requestFields(), ['X-Upper', '1'], ['connection', 'close'], [':path', '/']]), 'upper-case-name');
    assert.equal(ruleOf([['x-a', '1'], ...requestFields()]), 'pseudo-after-field');
  });

  it('are as many and as large as allowed, the crumbs of a cookie counting as one field', () => {
    const crumb: RawField = ['cookie', 'a=1'];
    assert.equal(ruleOf(requestFields('/', [crumb, crumb, crumb, crumb, crumb, crumb])), 'none');
    assert.equal(
      ruleOf(
        requestFields('/', [
          ['x-1', ''],
          ['x-2', ''],
          ['x-3', ''],
          ['x-4', ''],
        ]),
      ),
      'none',
    );
    assert.equal(
      ruleOf(
        requestFields('/', [
          ['x-1', ''],
          ['x-2', ''],
          ['x-3', ''],
          ['x-4', ''],
          ['x-5', ''],
        ]),
      ),
      'too-many-headers',
    );
    assert.equal(ruleOf(requestFields('/', [['x-a', 'y'.repeat(1000)]])), 'head-too-large');
    assert.equal(ruleOf(requestFields(`/${'x'.repeat(50)}`)), 'line-too-long');
  });

  it('are read afresh for each block', () => {
    const reader = read([...requestFields(), ['X-Upper', '1']]);
    assert.equal(reader.rule, 'upper-case-name');
    reader.begin(false);
    for (const [name, value] of requestFields('/next')) reader.onField(new HeaderField(name, value));
    const head = reader.head(facts, true);
    assert.equal(typeof head === 'string' ? head : head.target, '/next');
  });
});

describe('trailers', () => {
  it('lose what frames, routes or authenticates', () => {
    const fields: readonly RawField[] = [
      ['x-sum', '1'],
      ['content-length', '5'],
      ['host', 'b'],
      ['x-forwarded-for', '1'],
      ['grpc-status', '0'],
    ];
    assert.deepEqual(read(fields, true).trailers(), ['x-sum', '1', 'grpc-status', '0']);
  });

  it('are refused with pseudo-fields, and over their own limit', () => {
    assert.equal(read([[':path', '/']], true).trailers(), 'pseudo-in-trailers');
    assert.equal(read([['x-a', 'y'.repeat(300)]], true).trailers(), 'trailers-too-large');
  });
});

describe('withoutField', () => {
  it('leaves out every field of the name and nothing else', () => {
    assert.deepEqual(withoutField(['a', 'b', 'b', 'a', 'a', 'c'], 'a'), ['b', 'a']);
    assert.deepEqual(withoutField([], 'a'), []);
  });
});
