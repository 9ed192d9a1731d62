import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { buildSbom } from '../../tools/build-sbom.ts';
import { OciContainer } from '../tools/image/oci-container.ts';
import { imageSkip, type ProductImage, productImage } from '../tools/image/product-image.ts';
import { type UnpackedImage, unpackImage } from '../tools/image/unpack-image.ts';
import { InsideNetwork } from '../tools/inside-network.ts';

const root = join(import.meta.dirname, '../..');
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const skip = imageSkip();

suite('the image', () => {
  let folder = '';
  let image: ProductImage;
  let unpacked: UnpackedImage;

  before(async () => {
    if (skip !== false) return;
    image = await productImage();
    folder = mkdtempSync(join(tmpdir(), 'smartproxy-image-'));
    unpacked = unpackImage(image.archive, join(folder, 'rootfs'));
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  test('its labels say what it is and of which release', { skip }, () => {
    const prefix = 'org.opencontainers.image.';
    const labels = Object.entries(unpacked.config.Labels).filter(([name]) => name.startsWith(prefix));
    assert.deepEqual(Object.fromEntries(labels.map(([name, value]) => [name.slice(prefix.length), value])), {
      title: packageJson.name,
      description: packageJson.description,
      source: 'https://smartproxy.dev',
      licenses: packageJson.license,
      version: packageJson.version,
      revision: image.facts.revision,
      created: image.facts.created,
    });
  });

  test('it runs the program as 65532, writes to one volume and opens no port below 1024', { skip }, () => {
    const { User, Entrypoint, Cmd, Volumes, ExposedPorts } = unpacked.config;
    assert.equal(User, '65532:65532');
    assert.deepEqual(
      [...Entrypoint, ...Cmd],
      ['/usr/local/bin/node', '--enable-source-maps', '--disable-sigusr1', '/app/bin/smartproxy-ingress.js', 'run'],
    );
    assert.deepEqual(Object.keys(Volumes), ['/var/lib/smartproxy-ingress']);
    assert.deepEqual(Object.keys(ExposedPorts).sort(), ['10254/tcp', '8080/tcp', '8443/tcp']);
    const state = statSync(join(unpacked.folder, 'var/lib/smartproxy-ingress'));
    assert.deepEqual([state.uid, state.gid], [65532, 65532]);
  });

  test('it has no shell, no package manager and no packages of npm', { skip }, () => {
    const names = new Set(globSync('{bin,sbin,usr/bin,usr/sbin,usr/local/bin}/*', { cwd: unpacked.folder }).map((path) => basename(path)));
    for (const name of ['sh', 'bash', 'dash', 'busybox', 'npm', 'npx', 'apt', 'apt-get', 'dpkg']) assert.ok(!names.has(name), name);
    assert.ok(names.has('node'));
    assert.deepEqual(globSync('**/node_modules', { cwd: unpacked.folder }), []);
    assert.deepEqual(globSync('app/**/*.ts', { cwd: unpacked.folder }), []);
  });

  test('its SBOM lists exactly the production dependencies of package-lock.json', { skip }, () => {
    const text = readFileSync(join(unpacked.folder, 'app/sbom.cdx.json'), 'utf8');
    const sbom = JSON.parse(text) as { components: { name: string; version: string }[]; metadata: { component: Record<string, string> } };
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; dev?: boolean }>;
    };
    const locked = Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`);
    assert.deepEqual(sbom.components.map(({ name, version }) => `${name}@${version}`).sort(), [...new Set(locked)].sort());
    assert.equal(sbom.metadata.component.name, packageJson.name);
    assert.equal(sbom.metadata.component.version, packageJson.version);
    assert.deepEqual(JSON.parse(buildSbom(root)).components, sbom.components, 'npm run sbom says the same');
  });

  test('it serves as user 65532 with a read-only root and no capability', { skip }, async (t) => {
    const args = ['run', '--manifests', '/manifests', '--echo-backends', '--workers', '2'];
    const readable = { '/manifests': join(root, 'examples/quickstart') };
    const startedMs = Date.now();
    await using container = new OciContainer({ folder, config: unpacked.config, args, readable });
    const pid = await container.pid();
    const inside = new InsideNetwork(pid);
    const local = { address: '127.0.0.1', host: 'localhost' };
    const until = { status: 200, timeoutMs: 60_000 };

    const ready = await inside.ask({ ...local, protocol: 'http1', port: 10254, path: '/readyz', until });
    assert.equal(ready.status, 200, container.lines.join('\n'));
    assert.equal((await inside.ask({ ...local, protocol: 'http1', port: 10254, path: '/healthz' })).status, 200);
    const shop = { address: '127.0.0.1', host: 'shop.localhost', path: '/' };
    assert.equal((await inside.ask({ ...shop, protocol: 'http1', port: 8080, until })).status, 200);
    const api = { address: '127.0.0.1', host: 'api.localhost', path: '/v1/items' };
    for (const protocol of ['https', 'h2'] as const)
      assert.equal((await inside.ask({ ...api, protocol, port: 8443 })).status, 200, protocol);

    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^CapBnd:\t0+$/m);
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), /^\S+ \S+ \S+ \S+ \/ ro[, ]/m, 'the root is read-only');
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.equal(await container.stop(), 0, container.lines.join('\n'));
    t.diagnostic(
      `image: ${Math.round(statSync(image.archive).size / 1e6)} MB unpacked, ${Math.round(unpacked.bundleBytes / 1000)} kB of it ours`,
    );
    t.diagnostic(`start: ready ${ready.atMs - startedMs} ms after runc began`);
  });
});
