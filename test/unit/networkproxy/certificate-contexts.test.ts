import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('a context is made once for a certificate and again when the certificate is another object', () => {
  const contexts = new CertificateContexts(undefined);
  const first = certificate('a');
  const context = contexts.select(table([first], ['a']), 'a');
  assert.ok(context !== undefined);
  assert.equal(contexts.select(table([first], ['a']), 'a'), context);
  assert.notEqual(contexts.select(table([certificate('a')], ['a']), 'a'), context);
});

test('the cache is bounded: the least recently used context goes', () => {
  const contexts = new CertificateContexts(undefined, 2);
  const names = ['a', 'b', 'c'];
  const compiled = table(
    names.map((name) => certificate(name)),
    names,
  );
  const a = contexts.select(compiled, 'a');
  contexts.select(compiled, 'b');
  assert.equal(contexts.select(compiled, 'a'), a, 'used again, so b is the oldest');
  contexts.select(compiled, 'c');
  assert.equal(contexts.size, 2);
  assert.equal(contexts.select(compiled, 'a'), a);
});

test('a broken certificate falls back to the default one, and without one to none; nothing is thrown', () => {
  const broken = certificate('a', 'no PEM');
  const contexts = new CertificateContexts(undefined);
  assert.equal(contexts.select(table([broken], ['a']), 'a'), undefined);
  const withDefault = table([broken, certificate('default')], ['a']);
  assert.ok(contexts.select(withDefault, 'a') !== undefined);
  assert.equal(contexts.select(withDefault, 'a'), contexts.select(withDefault, undefined));
});

test('contexts of certificates that left the table are let go', () => {
  const contexts = new CertificateContexts(undefined);
  contexts.select(table([certificate('a')], ['a']), 'a');
  contexts.retain(table([], []).table);
  assert.equal(contexts.size, 0);
});
