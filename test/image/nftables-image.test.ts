import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { debianPackagesObstacle, installDebianPackages } from '../tools/debian-packages.ts';
import { eventually } from '../tools/eventually.ts';
import { OciContainer } from '../tools/image/oci-container.ts';
import { imageSkip, nftablesImage, productImage } from '../tools/image/product-image.ts';
import { type UnpackedImage, unpackImage } from '../tools/image/unpack-image.ts';
import { InsideNetwork } from '../tools/inside-network.ts';
import { kernelForwardingPackages } from '../tools/kernel-forwarding.ts';
import { smartProxyConfig, smartRoute } from '../tools/manifests.ts';

const skip = imageSkip() || (process.env.CI !== 'true' && debianPackagesObstacle(kernelForwardingPackages)) || false;
/** Where clients dial, and where the application is: one machine is both. */
const dialled = '10.0.1.1';
const behind = '10.0.2.2';

/** Where the program keeps its state in a pod by itself. */
const inItsVolume = ['--state-dir', '/var/lib/smartproxy-ingress'];

/** A Service with one port, and the application as its endpoint. */
function service(name: string, protocol: 'TCP' | 'UDP', port: number): string {
  const ports = [{ name: 'main', port, protocol }];
  const metadata = { name, namespace: 'default' };
  const labels = { 'kubernetes.io/service-name': name };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels } },
      ...{ addressType: 'IPv4', ports, endpoints: [{ addresses: [behind] }] },
    },
  ]
    .map((object) => `\n${JSON.stringify(object)}\n---`)
    .join('');
}

const forwarded = (name: string) => ({ engine: 'NFTables', backends: [{ name, port: { name: 'main' } }] });
const manifests = [
  smartProxyConfig({
    listeners: [
      { name: 'web', port: 5432, protocol: 'TCP' },
      { name: 'echo', port: 5353, protocol: 'UDP' },
    ],
  }),
  service('web', 'TCP', 8080),
  service('echo', 'UDP', 5300),
  smartRoute('web', { listeners: ['web'], tcp: forwarded('web') }),
  smartRoute('echo', { listeners: ['echo'], udp: forwarded('echo') }),
].join('');

suite('the image for forwarding by the kernel', { skip }, () => {
  let folder = '';
  let plain: UnpackedImage;
  let image: UnpackedImage;

  before(async () => {
    await installDebianPackages(kernelForwardingPackages);
    folder = mkdtempSync(join(tmpdir(), 'smartproxy-nftables-image-'));
    mkdirSync(join(folder, 'plain'));
    plain = unpackImage((await productImage()).archive, join(folder, 'plain/rootfs'));
    image = unpackImage((await nftablesImage()).archive, join(folder, 'rootfs'));
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  test('it is the other image with nft and conntrack added, which run on its libraries', () => {
    assert.deepEqual(image.config, plain.config);
    const namesIn = ({ folder: root }: UnpackedImage) =>
      globSync('{bin,sbin,usr/bin,usr/sbin,usr/local/bin}/*', { cwd: root }).map((path) => basename(path));
    const known = new Set(namesIn(plain));
    assert.deepEqual([...new Set(namesIn(image).filter((name) => !known.has(name)))].sort(), ['conntrack', 'nft']);
    const version = (program: string) => execFileSync('chroot', [image.folder, `/usr/bin/${program}`, '--version'], { encoding: 'utf8' });
    assert.match(version('nft'), /^nftables v1\./);
    assert.match(version('conntrack'), /^conntrack v1\./);
  });

  test('as root with NET_ADMIN alone it lets the kernel forward TCP and UDP, and takes its rules away at the end', async () => {
    const readable = { '/manifests': join(folder, 'manifests') };
    mkdirSync(readable['/manifests']);
    writeFileSync(join(readable['/manifests'], 'objects.yaml'), manifests);
    const network = { addresses: [dialled, behind], settings: { 'net.ipv4.ip_forward': '1' } };
    await using container = new OciContainer({
      folder,
      config: { ...image.config, User: '0:0' },
      args: ['run', '--manifests', '/manifests', '--nftables', '--workers', '1', '--http-port', '18080', ...inItsVolume],
      readable,
      capabilities: ['CAP_NET_ADMIN'],
      network,
    });
    // It has the application's network, so that this one is still there when the container has ended.
    const application = new InsideNetwork(await container.pid()).spawn(
      process.execPath,
      join(import.meta.dirname, '../e2e/application.mjs'),
    );
    await using _ = { [Symbol.asyncDispose]: async () => void application.kill('SIGKILL') };
    const inside = new InsideNetwork(application.pid ?? 0);
    const rules = () => inside.run('nft', 'list', 'table', 'inet', 'smartproxy-smartproxy').catch((error) => String(error));

    await eventually('the rules are written', async () => (await rules()).includes(dialled)).catch(async (error) => {
      throw new Error(`${container.lines.join('\n')}\n${await rules()}`, { cause: error });
    });
    const until = { status: 200, timeoutMs: 60_000 };
    const asked = await inside.ask({ protocol: 'http1', address: dialled, port: 5432, host: 'any', path: '/kernel', until });
    assert.equal(asked.status, 200, `${asked.body}\n${container.lines.join('\n')}`);
    assert.equal((JSON.parse(asked.body) as { path: string }).path, '/kernel');
    assert.match(await inside.send(dialled, 5353, 'ping'), / ping$/);
    assert.equal(await container.stop(), 0, container.lines.join('\n'));
    assert.match(await rules(), /No such file or directory/);
  });
});
