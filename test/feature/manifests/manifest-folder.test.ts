import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SmartProxyError } from '../../../src/errors.ts';
import { ManifestFolder } from '../../../src/sources/manifests/manifest-folder.ts';
import { ManifestInput } from '../../../src/sources/manifests/manifest-input.ts';
import type { ObjectStore } from '../../../src/sources/object-store.ts';

const deadlineMs = 20_000;

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function started(t: TestContext, root: string): Promise<ManifestFolder> {
  const source = new ManifestFolder(root);
  t.after(() => source.close());
  await source.start();
  return source;
}

/** Waits until `condition` holds; looks whenever the store says that something changed. */
async function until(store: ObjectStore, condition: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const check = () => condition() && resolve();
  const unsubscribe = store.subscribe(check);
  const deadline = setTimeout(() => reject(new Error(`not in time: ${JSON.stringify(store.problems())}`)), deadlineMs);
  check();
  await promise.finally(() => {
    unsubscribe();
    clearTimeout(deadline);
  });
}

function service(name: string, port = 80): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {ports: [{port: ${port}}]}\n`;
}

function serviceNames(store: ObjectStore): string {
  return [...store.snapshot().of('Service').values()]
    .map(({ metadata }) => metadata.name)
    .sort()
    .join();
}

function portOf(store: ObjectStore, name: string): number | undefined {
  return store.get('Service', `shop/${name}`)?.spec?.ports?.[0]?.port;
}

test('manifest folder: files of every ending in every subfolder are read, dot files and others are not', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'a', 'b'), { recursive: true });
  await mkdir(join(folder, '.git'));
  await writeFile(join(folder, 'one.yaml'), service('one'));
  await writeFile(join(folder, 'a', 'two.YML'), service('two'));
  await writeFile(
    join(folder, 'a', 'b', 'three.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'three', namespace: 'shop' } }),
  );
  await writeFile(join(folder, '.swap.yaml'), service('swap'));
  await writeFile(join(folder, '.git', 'x.yaml'), service('git'));
  await writeFile(join(folder, 'notes.txt'), service('text'));
  const source = await started(t, folder);
  assert.equal(source.store.synced, true);
  assert.equal(serviceNames(source.store), 'one,three,two');
  assert.equal(source.locationOf('Service', 'shop/three'), `${join('a', 'b', 'three.json')}:1`);
});

test('manifest folder: a folder with the ending .secret is a Secret of its files, which are followed through links', async (t) => {
  const folder = await emptyFolder(t);
  const live = await emptyFolder(t);
  await mkdir(join(folder, 'tls', 'shop_web-tls.secret'), { recursive: true });
  await mkdir(join(folder, 'users.secret'));
  await mkdir(join(folder, 'Not_A Name.secret'));
  await writeFile(join(folder, 'users.secret', 'auth'), 'ada:x');
  await writeFile(join(folder, 'users.secret', '.auth.swp'), 'no');
  const entry = (name: string) => join(folder, 'tls', 'shop_web-tls.secret', name);
  await writeFile(join(live, 'one.pem'), 'one');
  await symlink(join(live, 'one.pem'), entry('tls.crt'));
  await writeFile(entry('tls.key'), 'key');
  const { store } = await started(t, folder);
  const secret = (key: string) => store.get('Secret', key);
  const text = (key: string, name: string) => Buffer.from(secret(key)?.data?.[name] ?? '', 'base64').toString();
  assert.deepEqual([secret('shop/web-tls')?.type, secret('default/users')?.type], ['kubernetes.io/tls', 'Opaque']);
  assert.deepEqual(
    [text('shop/web-tls', 'tls.crt'), text('shop/web-tls', 'tls.key'), text('default/users', 'auth')],
    ['one', 'key', 'ada:x'],
  );
  assert.deepEqual(Object.keys(secret('default/users')?.data ?? {}), ['auth']);
  assert.match(JSON.stringify(store.problems()), /Not_A Name\.secret/);

  await writeFile(join(live, 'two.pem'), 'two');
  await symlink(join(live, 'two.pem'), entry('.next'));
  await rename(entry('.next'), entry('tls.crt'));
  await until(store, () => text('shop/web-tls', 'tls.crt') === 'two');
  await unlink(join(live, 'two.pem'));
  await writeFile(entry('ca.crt'), 'ca');
  await until(store, () => JSON.stringify(store.problems()).includes('shop_web-tls.secret'));
  assert.equal(text('shop/web-tls', 'tls.crt'), 'two', 'a link that leads nowhere loses nothing');
  await writeFile(join(live, 'two.pem'), 'three');
  await writeFile(entry('note'), '');
  await until(store, () => text('shop/web-tls', 'tls.crt') === 'three');
  await rm(join(folder, 'users.secret'), { recursive: true });
  await until(store, () => secret('default/users') === undefined);
});

test('manifest folder: an added, an edited and a removed file are seen', async (t) => {
  const folder = await emptyFolder(t);
  const { store } = await started(t, folder);
  assert.equal(store.snapshot().of('Service').size, 0);
  await writeFile(join(folder, 'web.yaml'), service('web', 80));
  await until(store, () => portOf(store, 'web') === 80);
  await writeFile(join(folder, 'web.yaml'), service('web', 81));
  await until(store, () => portOf(store, 'web') === 81);
  await unlink(join(folder, 'web.yaml'));
  await until(store, () => portOf(store, 'web') === undefined);
});

/** A folder whose files age by a clock of the test, and whose scans can be waited for. */
async function agingFolder(t: TestContext, root: string) {
  let clockMs = 0;
  let onScan = (): void => {};
  const source = new ManifestFolder(
    root,
    () => {
      onScan();
      return 0;
    },
    () => clockMs,
  );
  t.after(() => source.close());
  await source.start();
  /** Resolves when two scans have ended: the second began after what was done before. */
  const scannedAfter = async (ms: number): Promise<void> => {
    clockMs += ms;
    for (let n = 0; n < 2; n++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onScan = resolve;
      // An event: without one the next scan may be seconds away.
      await writeFile(join(root, '.tick'), '');
      await promise;
    }
  };
  return { source, scannedAfter };
}

test('manifest folder: a file that is empty, cut or gone for a moment, as writers have it, keeps what it said', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'web.yaml');
  const whole = (port: number) => `${service('a', port)}---\n${service('b', port)}`;
  await writeFile(file, whole(80));
  const { source, scannedAfter } = await agingFolder(t, folder);
  const { store } = source;
  const seen = new Set<string>();
  store.subscribe(() => seen.add(serviceNames(store)));
  const moments = [() => truncate(file), () => writeFile(file, service('a')), () => unlink(file), () => writeFile(file, '# nothing')];
  for (const [index, begin] of moments.entries()) {
    await begin();
    await scannedAfter(0);
    await scannedAfter(450);
    await writeFile(file, whole(81 + index));
    await scannedAfter(60);
    assert.equal(portOf(store, 'b'), index === 0 ? 80 : 80 + index, 'a version that was seen just now is not read');
    await scannedAfter(110);
    assert.deepEqual([portOf(store, 'a'), portOf(store, 'b')], [81 + index, 81 + index]);
  }
  assert.deepEqual([...seen], ['a,b']);
  assert.deepEqual(store.problems(), []);
});

test('manifest folder: what a file says no more, or has gone with it, goes when that lasts; a file of another name has it meanwhile', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'a.yaml');
  await writeFile(file, `${service('a')}---\n${service('b')}`);
  const { source, scannedAfter } = await agingFolder(t, folder);
  const { store } = source;
  await writeFile(file, service('a'));
  await scannedAfter(0);
  await scannedAfter(510);
  assert.equal(serviceNames(store), 'a');
  await rename(file, join(folder, 'b.yaml'));
  await scannedAfter(0);
  await scannedAfter(110);
  assert.equal(source.locationOf('Service', 'shop/a'), 'b.yaml:1');
  assert.deepEqual(store.problems(), []);
  await unlink(join(folder, 'b.yaml'));
  await scannedAfter(0);
  assert.equal(serviceNames(store), 'a');
  await scannedAfter(510);
  assert.equal(serviceNames(store), '');
});

test('manifest folder: a file that is written all the time is read, too, and takes nothing away', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'a.yaml');
  await writeFile(file, `${service('a')}---\n${service('b')}`);
  const { source, scannedAfter } = await agingFolder(t, folder);
  const seen = new Set<string>();
  source.store.subscribe(() => seen.add(serviceNames(source.store)));
  for (let port = 81; port < 120; port++) {
    await writeFile(file, port % 2 === 0 ? service('a', port) : `${service('a', port)}---\n${service('b', port)}`);
    await scannedAfter(60);
  }
  assert.deepEqual([...seen], ['a,b']);
  assert.notEqual(portOf(source.store, 'a'), 80);
});

test('manifest folder: a file renamed over another, as editors save, is seen', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'web.yaml'), service('web', 80));
  const { store } = await started(t, folder);
  await writeFile(join(folder, '.web.yaml.tmp'), service('web', 81));
  await rename(join(folder, '.web.yaml.tmp'), join(folder, 'web.yaml'));
  await until(store, () => portOf(store, 'web') === 81);
});

test('manifest folder: the switch of a ConfigMap volume is seen', async (t) => {
  const folder = await emptyFolder(t);
  for (const [version, port] of [
    ['..1', 80],
    ['..2', 81],
  ] as const) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'web.yaml'), service('web', port));
  }
  await symlink('..1', join(folder, '..data'));
  await symlink(join('..data', 'web.yaml'), join(folder, 'web.yaml'));
  const { store } = await started(t, folder);
  assert.equal(portOf(store, 'web'), 80);
  await symlink('..2', join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await until(store, () => portOf(store, 'web') === 81);
});

test('manifest folder: a folder replaced by another of its name goes on being watched', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub', 'web.yaml'), service('web', 80));
  const { store } = await started(t, folder);
  await rm(join(folder, 'sub'), { recursive: true });
  await until(store, () => portOf(store, 'web') === undefined);
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub', 'web.yaml'), service('web', 81));
  await until(store, () => portOf(store, 'web') === 81);
});

test('manifest folder: a file that breaks keeps its last good objects and is reported with its line until it is mended', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'web.yaml'), service('web', 80));
  await writeFile(join(folder, 'other.yaml'), service('other', 80));
  const { store } = await started(t, folder);
  await writeFile(join(folder, 'web.yaml'), 'apiVersion: v1\nkind: [Service\nmetadata: {\n');
  await until(store, () => store.problems().length === 1);
  assert.match(store.problems()[0]?.where ?? '', /^web\.yaml:\d+$/);
  assert.match(store.problems()[0]?.message ?? '', /what the file said before still counts/);
  assert.equal(serviceNames(store), 'other,web');
  await writeFile(join(folder, 'web.yaml'), service('web', 81));
  await until(store, () => store.problems().length === 0 && portOf(store, 'web') === 81);
});

test('manifest folder: an object that is in two files counts from the first path, and the second is a problem that names the first', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'b.yaml'), service('web', 82));
  await writeFile(join(folder, 'a.yaml'), `---\n${service('web', 81)}`);
  const { store } = await started(t, folder);
  assert.equal(portOf(store, 'web'), 81);
  assert.deepEqual(store.problems(), [{ where: 'b.yaml:1', message: 'Service shop/web is not used: it is in a.yaml:2 too, which counts' }]);
  await unlink(join(folder, 'a.yaml'));
  await until(store, () => portOf(store, 'web') === 82 && store.problems().length === 0);
});

test('manifest folder: objects of untouched files keep their reference', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'a.yaml'), service('a'));
  await writeFile(join(folder, 'b.yaml'), `${service('b', 80)}---\n${service('c', 80)}`);
  const { store } = await started(t, folder);
  const before = store.snapshot().of('Service');
  await writeFile(join(folder, 'b.yaml'), `${service('b', 81)}---\n${service('c', 80)}`);
  await until(store, () => portOf(store, 'b') === 81);
  const after = store.snapshot().of('Service');
  assert.equal(after.get('shop/a'), before.get('shop/a'));
  assert.equal(after.get('shop/c'), before.get('shop/c'));
});

test('manifest folder: a file that is too large is a problem, the others count', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'big.yaml'), Buffer.alloc(4 * 1024 ** 2 + 1, '#'));
  await writeFile(join(folder, 'web.yaml'), service('web'));
  const { store } = await started(t, folder);
  assert.equal(serviceNames(store), 'web');
  assert.deepEqual(store.problems(), [{ where: 'big.yaml:1', message: 'larger than 4 MiB' }]);
});

test('manifest folder: links in a circle and links to nothing do no harm', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'sub'));
  await symlink('..', join(folder, 'sub', 'up'));
  await symlink('nowhere.yaml', join(folder, 'lost.yaml'));
  await writeFile(join(folder, 'web.yaml'), service('web'));
  const { store } = await started(t, folder);
  assert.equal(serviceNames(store), 'web');
  assert.deepEqual(store.problems(), []);
});

test('manifest folder: when the whole folder goes away what it said still counts, and the source says so', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'root'));
  await writeFile(join(folder, 'root', 'web.yaml'), service('web'));
  const source = await started(t, join(folder, 'root'));
  await rename(join(folder, 'root'), join(folder, 'elsewhere'));
  await until(source.store, () => source.store.problems().length === 1);
  assert.equal(serviceNames(source.store), 'web');
  assert.equal(source.health()[0]?.healthy, false);
  await rename(join(folder, 'elsewhere'), join(folder, 'root'));
  await until(source.store, () => source.store.problems().length === 0);
  assert.equal(source.health()[0]?.healthy, true);
});

test('manifest folder: a single file works as well', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'objects.txt');
  await writeFile(file, service('web', 80));
  const source = await started(t, file);
  assert.equal(source.locationOf('Service', 'shop/web'), 'objects.txt:1');
});

test('manifests: the text behind a location is told as it is now, while it is a file that would be read', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a', 'one.yaml'), service('one'));
  const source = await started(t, folder);
  const name = join('a', 'one.yaml');
  assert.equal(await source.textOf(name), service('one'));
  assert.equal(await (await started(t, join(folder, name))).textOf('one.yaml'), service('one'), 'the file is the root');
  await writeFile(join(folder, name), service('one', 81));
  assert.equal(await source.textOf(name), service('one', 81));
  await writeFile(join(folder, name), ' '.repeat(4 * 1024 ** 2 + 1));
  assert.equal(await source.textOf(name), undefined, 'larger than what is read');
  await unlink(join(folder, name));
  assert.equal(await source.textOf(name), undefined, 'gone');
  await writeFile(join(folder, 'a', '..b.yaml'), service('b'));
  assert.equal(await source.textOf(join('a', '..b.yaml')), undefined, 'no location names it');
  const stream = (): AsyncIterable<Uint8Array> => new Blob([service('one')]).stream();
  const [input, forgetful] = [new ManifestInput(stream(), { keepsText: true }), new ManifestInput(stream())];
  await Promise.all([input.start(), forgetful.start()]);
  assert.deepEqual([await input.textOf(), await forgetful.textOf()], [service('one'), undefined]);
});

test('manifest folder: a folder that is not there is refused at start', async (t) => {
  const folder = await emptyFolder(t);
  const source = new ManifestFolder(join(folder, 'nowhere'));
  await assert.rejects(source.start(), (error) => error instanceof SmartProxyError && error.code === 'MANIFEST_INVALID');
});

test('manifest input: a stream is read to its end, split anywhere', async () => {
  const bytes = Buffer.from(`${service('wéb'.replace('é', 'e'))}---\n${service('api')}# é\n`);
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += 7) yield bytes.subarray(start, start + 7);
  }
  const source = new ManifestInput(chunks());
  await source.start();
  assert.equal(serviceNames(source.store), 'api,web');
  assert.equal(source.store.synced, true);
});

test('manifest input: a stream that does not parse is refused with its line', async () => {
  async function* chunks() {
    yield Buffer.from('a: 1\nb: [\n');
  }
  await assert.rejects(new ManifestInput(chunks()).start(), /Cannot read manifests from standard input: line \d/);
});
