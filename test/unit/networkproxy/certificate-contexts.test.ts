import 'reflect-metadata';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { SecureContext } from 'node:tls';
import { CertificateContexts } from '../../../src/networkproxy/tls/certificate-contexts.ts';
import { Redacted } from '../../../src/redacted.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';
import { tableOf } from '../../feature/networkproxy/harness.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const { cert, key } = await makeTestCertificate('a.example');

function certificate(name: string, chain = cert): Certificate {
  return { key: name, names: [name], chain, privateKey: new Redacted(key), fingerprint: name, notAfterMs: 0, keyType: 'ec' };
}

function table(certificates: readonly Certificate[], hosts: readonly string[]): CompiledTable {
  const routes = hosts.map((host) => ({ host, tls: { kind: 'terminate', certificates: [host] } as const }));
  return CompiledTable.compile(tableOf({ routes, certificates }));
}

/** With what they made so far. */
function counting(options: ConstructorParameters<typeof CertificateContexts>[0] = {}) {
  let made = 0;
  const contexts = new CertificateContexts({ ...options, onMake: () => made++ });
  return { contexts, made: () => made };
}

function selected(contexts: CertificateContexts, compiled: CompiledTable, name: string | undefined): SecureContext | undefined {
  return contexts.select(compiled, name)?.context;
}

test('a context is made once for a certificate and again when the certificate is another object', () => {
  const contexts = new CertificateContexts({});
  const first = certificate('a');
  const context = selected(contexts, table([first], ['a']), 'a');
  assert.ok(context !== undefined);
  assert.equal(selected(contexts, table([first], ['a']), 'a'), context);
  assert.notEqual(selected(contexts, table([certificate('a')], ['a']), 'a'), context);
});

test('the cache is bounded: the least recently used context goes', () => {
  const contexts = new CertificateContexts({ maxContexts: 2 });
  const names = ['a', 'b', 'c'];
  const compiled = table(
    names.map((name) => certificate(name)),
    names,
  );
  const a = selected(contexts, compiled, 'a');
  contexts.select(compiled, 'b');
  assert.equal(selected(contexts, compiled, 'a'), a, 'used again, so b is the oldest');
  contexts.select(compiled, 'c');
  assert.equal(contexts.size, 2);
  assert.equal(selected(contexts, compiled, 'a'), a);
});

test('a broken certificate falls back to the default one, and without one to none; nothing is thrown', () => {
  const broken = certificate('a', 'no PEM');
  const contexts = new CertificateContexts({});
  assert.equal(contexts.select(table([broken], ['a']), 'a'), undefined);
  const withDefault = table([broken, certificate('default')], ['a']);
  assert.ok(contexts.select(withDefault, 'a') !== undefined);
  assert.equal(selected(contexts, withDefault, 'a'), selected(contexts, withDefault, undefined));
});

test('contexts of certificates that left the table are let go', () => {
  const contexts = new CertificateContexts({});
  contexts.select(table([certificate('a')], ['a']), 'a');
  contexts.retain(table([], []).table);
  assert.equal(contexts.size, 0);
});

test('a certificate that does not load is tried once, until it is another; the one before it serves meanwhile', () => {
  const { contexts, made } = counting();
  const good = selected(contexts, table([certificate('a')], ['a']), 'a');
  const broken = table([certificate('a', 'no PEM')], ['a']);
  for (let handshake = 0; handshake < 100; handshake++) assert.equal(selected(contexts, broken, 'a'), good);
  assert.equal(made(), 2);
  const brokenFromTheStart = table([certificate('b', 'no PEM')], ['b']);
  for (let handshake = 0; handshake < 100; handshake++) assert.equal(selected(contexts, brokenFromTheStart, 'b'), undefined);
  assert.equal(made(), 3);
  assert.ok(selected(contexts, table([certificate('b')], ['b']), 'b') !== undefined, 'mended');
});

test('new ticket keys cost no context anything, and never the certificate that served before a broken one', () => {
  const { contexts, made } = counting({ ticketKeys: randomBytes(48) });
  const names = Array.from({ length: 50 }, (_, i) => `h${i}`);
  const compiled = table(
    names.map((name) => certificate(name)),
    names,
  );
  const before = names.map((name) => selected(contexts, compiled, name));
  contexts.setTicketKeys(randomBytes(96));
  assert.deepEqual(
    names.map((name) => selected(contexts, compiled, name)),
    before,
  );
  assert.equal(made(), 50);
  assert.throws(() => contexts.setTicketKeys(randomBytes(47)), /47 bytes/);
});

test('names that no host has share one context, whatever they are; with refuseUnknownNames they get none', () => {
  const compiled = table([certificate('a'), certificate('default')], ['a']);
  const contexts = new CertificateContexts({});
  const names = ['10.0.0.1', 'x'.repeat(253), '__proto__', 'constructor', ...Array.from({ length: 1000 }, (_, i) => `n${i}.example`)];
  const first = selected(contexts, compiled, undefined);
  for (const name of names) assert.equal(selected(contexts, compiled, name), first);
  assert.equal(contexts.size, 1);
  const strict = new CertificateContexts({ refuseUnknownNames: true });
  for (const name of [...names, undefined]) assert.equal(strict.select(compiled, name), undefined);
  assert.ok(strict.select(compiled, 'a') !== undefined);
  assert.equal(strict.size, 1);
});
