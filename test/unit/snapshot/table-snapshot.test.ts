import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SmartProxyError } from '../../../src/errors.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { RouteTable } from '../../../src/routes/route-table.ts';
import { readSnapshotKey } from '../../../src/snapshot/snapshot-key.ts';
import { TableSnapshot } from '../../../src/snapshot/table-snapshot.ts';
import { eventually } from '../../tools/eventually.ts';
import { tinyTable } from '../../tools/tiny-table.ts';

const secret = 'the private key of shop.example.com';
const clientSecret = 'the private key that is shown to backends';

function tableWithSecret(name = 'web'): RouteTable {
  const certificate = {
    key: 'shop/tls',
    names: ['shop.example.com'],
    chain: 'CHAIN',
    privateKey: new Redacted(secret),
    fingerprint: 'ab',
    notAfterMs: 1,
    keyType: 'ec' as const,
  };
  const table = tinyTable({ backends: [1, 2], name });
  const tls = {
    serverName: undefined,
    ca: 'CA',
    clientCertificate: { ...certificate, key: 'shop/client', privateKey: new Redacted(clientSecret) },
  };
  const services = new Map([...table.services].map(([key, service]) => [key, { ...service, protocol: 'https' as const, tls }]));
  return { ...table, services, certificates: new Map([[certificate.key, certificate]]) };
}

async function setUp(context: TestContext, debounceMs = 0) {
  const dir = mkdtempSync(join(tmpdir(), 'snapshot-'));
  context.after(() => rmSync(dir, { recursive: true }));
  const keyFile = join(dir, 'state', 'snapshot.key');
  const file = join(dir, 'state', 'last-good.snapshot');
  const key = await readSnapshotKey(keyFile, true);
  const errors: SmartProxyError[] = [];
  const open = (withKey = key) =>
    new TableSnapshot({ file, readKey: async () => withKey, debounceMs, onError: (error) => errors.push(error) });
  return { dir, file, keyFile, key, errors, open };
}

test('TableSnapshot: the last table comes back whole, keys included', async (context) => {
  const { open } = await setUp(context);
  assert.equal(await open().load(), undefined);
  const writer = open();
  writer.save(tableWithSecret('old'));
  writer.save(tableWithSecret('new'));
  assert.equal(writer.writtenAtMs, undefined);
  await writer.flush();
  assert.ok(Math.abs(Date.now() - (writer.writtenAtMs ?? 0)) < 60_000);
  assert.equal(writer.failures, 0);
  const loaded = await open().load();
  assert.ok(loaded);
  assert.deepEqual([...loaded.services.keys()], ['shop/new:80']);
  assert.deepEqual({ ...loaded, certificates: undefined }, { ...tableWithSecret('new'), certificates: undefined });
  assert.equal(loaded.certificates.get('shop/tls')?.privateKey.reveal(), secret);
  assert.equal(loaded.services.get('shop/new:80')?.tls?.clientCertificate?.privateKey.reveal(), clientSecret);
});

test('TableSnapshot: a change is written by itself after the debounce time', async (context) => {
  const { open } = await setUp(context, 5);
  open().save(tableWithSecret());
  await eventually('it can be loaded', () => open().load());
});

test('TableSnapshot: nothing on disk is readable without the key, by anyone else, or half written', async (context) => {
  const { dir, file, keyFile, open } = await setUp(context);
  const writer = open();
  writer.save(tableWithSecret());
  await writer.flush();
  const bytes = readFileSync(file);
  assert.ok(!bytes.includes(secret) && !bytes.includes(clientSecret) && !bytes.includes('shop'));
  for (const each of [file, keyFile]) assert.equal(statSync(each).mode & 0o777, 0o600, each);
  assert.deepEqual(readdirSync(join(dir, 'state')).sort(), ['last-good.snapshot', 'snapshot.key']);
});

test('TableSnapshot: another key, a changed byte, a cut file and another format are SNAPSHOT_INVALID', async (context) => {
  const { file, open } = await setUp(context);
  const writer = open();
  writer.save(tableWithSecret());
  await writer.flush();
  await assert.rejects(open(Buffer.alloc(32, 7)).load(), { code: 'SNAPSHOT_INVALID', message: /another key/ });
  const bytes = readFileSync(file);
  for (const at of [0, 20, 35, 50, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(file, changed);
    await assert.rejects(open().load(), { code: 'SNAPSHOT_INVALID' }, `byte ${at}`);
  }
  for (const length of [0, 10, 40, 57, bytes.length - 1]) {
    writeFileSync(file, bytes.subarray(0, length));
    await assert.rejects(open().load(), { code: 'SNAPSHOT_INVALID' }, `${length} bytes`);
  }
});

test('TableSnapshot: a folder that cannot be written is told, and does not throw', async (context) => {
  const { dir, key, errors } = await setUp(context);
  writeFileSync(join(dir, 'file'), '');
  const snapshot = new TableSnapshot({ file: join(dir, 'file', 'x'), readKey: async () => key, onError: (error) => errors.push(error) });
  snapshot.save(tableWithSecret());
  await snapshot.flush();
  assert.match(String(errors[0]?.message), /^Cannot write the last-good snapshot/);
  assert.deepEqual([snapshot.failures, snapshot.writtenAtMs], [1, undefined]);
});

test('TableSnapshot: what could not be written is written when the folder can be, without another change', async (context) => {
  const { dir, key, errors } = await setUp(context);
  const folder = join(dir, 'folder');
  writeFileSync(folder, '');
  let isWritten = false;
  const file = join(folder, 'x');
  const snapshot = new TableSnapshot({
    file,
    readKey: async () => key,
    retryMs: 1,
    onError: (error) => errors.push(error),
    onSuccess: () => (isWritten = true),
  });
  await snapshot.probe();
  assert.equal(errors[0]?.code, 'STATE_UNUSABLE');
  snapshot.save(tableWithSecret());
  await snapshot.flush();
  assert.equal(errors[1]?.code, 'STATE_UNUSABLE');
  rmSync(folder);
  await eventually('it is written', () => isWritten);
  assert.ok((await snapshot.load())?.hosts !== undefined);
});

test('TableSnapshot: a key that cannot be read is told at the start, and asked for again', async (context) => {
  const { dir, key, errors } = await setUp(context);
  let isThere = false;
  const readKey = async () => {
    if (!isThere) throw new SmartProxyError('SNAPSHOT_INVALID', 'Cannot use the snapshot key: it is short');
    return key;
  };
  const snapshot = new TableSnapshot({ file: join(dir, 'later'), readKey, onError: (error) => errors.push(error) });
  await snapshot.probe();
  assert.equal(errors[0]?.message, 'Cannot use the snapshot key: it is short');
  isThere = true;
  snapshot.save(tableWithSecret());
  await snapshot.flush();
  assert.ok((await snapshot.load()) !== undefined);
  assert.equal(errors.length, 1);
});

test('readSnapshotKey: the same key again, hex or base64; a short one and a missing one are refused', async (context) => {
  const { dir, keyFile, key } = await setUp(context);
  assert.deepEqual(await readSnapshotKey(keyFile, true), key);
  const given = join(dir, 'given');
  writeFileSync(given, `${key.toString('base64')}\n`);
  assert.deepEqual(await readSnapshotKey(given, false), key);
  writeFileSync(given, 'short');
  await assert.rejects(readSnapshotKey(given, false), { code: 'SNAPSHOT_INVALID' });
  await assert.rejects(readSnapshotKey(join(dir, 'missing'), false), { code: 'STATE_UNUSABLE' });
});

test('a file system that does not answer is told of, and no stop waits for it', async () => {
  const told: SmartProxyError[] = [];
  const readKey = () => new Promise<never>(() => {}); // as a read on a mount that hangs
  const snapshot = new TableSnapshot({ file: '/nowhere/snapshot', readKey, patienceMs: 50, onError: (error) => told.push(error) });
  void snapshot.probe();
  snapshot.save(tinyTable({ backends: [1] }));
  await snapshot.close();
  await eventually('it is told of', () => told.length > 0);
  assert.equal(told[0]?.code, 'STATE_UNUSABLE');
  assert.match(told[0]?.message ?? '', /\/nowhere\/snapshot: no answer for 0\.05 s$/);
});
