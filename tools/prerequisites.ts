import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bindObstacle } from '../test/tools/bind.ts';
import { debianPackagesObstacle } from '../test/tools/debian-packages.ts';
import { helmUnavailable } from '../test/tools/helm-kubectl.ts';
import { imageObstacle } from '../test/tools/image/product-image.ts';
import { kernelForwardingPackages } from '../test/tools/kernel-forwarding.ts';
import { nodeObstacle } from '../test/tools/node/kube-node.ts';
import { redisObstacle } from '../test/tools/redis-server.ts';
import { sslyzeObstacle } from '../test/tools/sslyze.ts';
import { browserObstacle } from '../test/tools/ui/browser.ts';

function goVersion(): readonly [number, number] | undefined {
  const out = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const match = /^go(\d+)\.(\d+)/.exec(out.stdout ?? '');
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

function canMakeNamespaces(): boolean {
  const rootless = process.getuid?.() === 0 ? [] : ['-r'];
  return spawnSync('unshare', [...rootless, '--net', '--mount', '--pid', '--fork', 'true']).status === 0;
}

function runs(...[command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** What the whole test run needs and this machine lacks, each with its remedy; said at once, before the first test. */
export function missingPrerequisites(): readonly string[] {
  const missing: string[] = [];
  const go = goVersion();
  if (go === undefined || go[0] < 1 || (go[0] === 1 && go[1] < 26)) {
    missing.push(
      'Go 1.26 or newer, to build h2spec, the gRPC interop pair, Pebble, cert-manager, and kube-apiserver and etcd unless KUBEBUILDER_ASSETS names a folder that has both',
    );
  }
  if (process.env.KUBEBUILDER_ASSETS !== undefined && !existsSync(`${process.env.KUBEBUILDER_ASSETS}/kube-apiserver`)) {
    missing.push('kube-apiserver in the folder that KUBEBUILDER_ASSETS names');
  }
  const noHelm = helmUnavailable();
  if (noHelm !== undefined) missing.push(`Helm, for the chart's tests: ${noHelm}`);
  if (!canMakeNamespaces()) {
    missing.push('network namespaces, for tests with pod addresses: run on Linux as root, or allow user namespaces');
  }
  const noRedis = redisObstacle();
  if (noRedis !== undefined) missing.push(`redis-server, for rate limits across replicas: ${noRedis}`);
  const noBind = bindObstacle();
  if (noBind !== undefined) missing.push(`BIND, for proofs by DNS: ${noBind}`);
  const noBrowser = browserObstacle();
  if (noBrowser !== undefined) missing.push(`Chromium, for the web UI: ${noBrowser}`);
  const noSslyze = sslyzeObstacle();
  if (noSslyze !== undefined) missing.push(`sslyze, for how TLS looks from outside: ${noSslyze}`);
  const rules = debianPackagesObstacle(kernelForwardingPackages);
  if (rules !== undefined) missing.push(`rules of the kernel, for tests of the engine NFTables: ${rules}`);
  const image = imageObstacle();
  if (image !== undefined) missing.push(`the image, for the suites image and e2e: ${image}`);
  const node = nodeObstacle();
  if (node !== undefined) missing.push(`a Kubernetes node, for the suite e2e: ${node}`);
  if (!runs('promtool', '--version') && !(process.env.PROMETHEUS && process.env.PROMTOOL) && !runs('apt-get', '--version')) {
    missing.push('Prometheus and promtool on the PATH or where PROMETHEUS and PROMTOOL say, or apt-get to fetch them');
  }
  return missing;
}
