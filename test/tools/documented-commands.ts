import { readFileSync } from 'node:fs';

/**
 * How a command of a page is tried: by `feature/docs/documented-commands.test.ts` in a copy of the repository (`install` with network,
 * `checkout` without, `start` as the program that goes on running, `beside` it, `profile` beside it where such programs are, `examples`
 * the program with the examples of SmartRoute and then beside it), by
 * `control-plane/documented-commands.test.ts` (`cluster`) or by `e2e/install.test.ts` on a real node (`node`, and `route` for the first
 * route of the README); or `elsewhere`, for the reason `why`: by a file
 * that does the same and has `says` in it.
 */
export type Drive =
  | { readonly kind: 'install' | 'checkout' | 'start' | 'beside' | 'examples' | 'cluster' | 'node' | 'route' }
  | { readonly kind: 'profile'; readonly program: string }
  | { readonly kind: 'elsewhere'; readonly why: string; readonly file: string; readonly says: string };

const install: Drive = { kind: 'install' };
const checkout: Drive = { kind: 'checkout' };
const start: Drive = { kind: 'start' };
const beside: Drive = { kind: 'beside' };
const examples: Drive = { kind: 'examples' };
const cluster: Drive = { kind: 'cluster' };
const node: Drive = { kind: 'node' };
const route: Drive = { kind: 'route' };
const profile = (program: string): Drive => ({ kind: 'profile', program });
const elsewhere = (why: string, file: string, says: string): Drive => ({ kind: 'elsewhere', why, file, says });
const noPlugin = 'the plugin is put on the PATH there';
const noCluster = 'there is no such context, nor such a pod';
const noRegistry = 'there is no image registry in the tests';

/** Every command of the pages, as it is written there, in the order in which those of a kind are run. */
export const documentedCommands: ReadonlyMap<string, Drive> = new Map([
  ['npm ci', install],

  ['npm run generate', checkout],
  ['npm test unit/routes', checkout],
  ['npm test unit/docs/docs.test.ts', checkout],
  ['UPDATE_GOLDEN=1 npm test golden', checkout],
  ['npm run bundle', checkout],
  ['FUZZ_SECONDS=1 npm test fuzz/hpack.test.ts', checkout],
  ['npm run bench -- matcher', checkout],
  ['npx smartproxy-ingress explain http://shop.localhost/cart/7 --manifests examples/quickstart', checkout],
  ['npx smartproxy-ingress explain https://api.localhost/v2 --manifests examples/quickstart --json', checkout],
  ['npx smartproxy-ingress lint -f examples/quickstart', checkout],
  ['npx smartproxy-ingress lint -f examples/quickstart --format sarif --fail-on warning', checkout],
  ['npx smartproxy-ingress diff examples/quickstart examples/cluster || echo "ended with $?"', checkout],
  [
    'npm run check',
    elsewhere('the whole run of tests begins with it', 'tools/test.ts', "runCommand(process.execPath, ['tools/check.ts'])"),
  ],
  ['npm test', elsewhere('it is the run that this is a part of', 'package.json', '"test": "node bin/with-node.js tools/test.ts"')],

  ['npm run ui-screenshots -- FOLDER', elsewhere('it takes a browser and half a minute', 'test/feature/ui/views.test.ts', 'every view, ')],

  ['npm start', start],
  [
    'npx node --perf-basic-prof --interpreted-frames-native-stack src/main.ts run --workers 1 --manifests examples/quickstart --echo-backends',
    start,
  ],
  ['curl http://shop.localhost:8080/', beside],
  ['curl -k https://api.localhost:8443/v1/items', beside],
  ['curl http://127.0.0.1:10254/metrics', beside],
  ['curl http://127.0.0.1:10255/debug/routes', beside],
  ['curl -s localhost:10254/readyz', beside],
  ['curl -s localhost:10254/metrics', beside],
  ['curl -s localhost:10255/debug/problems', beside],
  ['curl -s localhost:10255/debug/connections?limit=50', beside],
  ['curl -s localhost:10255/debug/routes', beside],
  ['npx smartproxy-ingress explain http://shop.localhost:8080/cart/7', beside],
  ['npx smartproxy-ingress diff examples/quickstart', beside],
  ['npx smartproxy-ingress status', beside],
  ['npx smartproxy-ingress problems || echo "ended with $?"', beside],
  ['npx smartproxy-ingress problems --search CertificateExpired', beside],
  ['npx smartproxy-ingress backends', beside],
  ['npx smartproxy-ingress connections --ended', beside],
  ['npx smartproxy-ingress routes --search shop', beside],
  ['npx smartproxy-ingress bugreport --out bugreport.json', beside],
  ['npx smartproxy-ingress top --once --interval 2s', beside],
  ['npx smartproxy-ingress tap --host shop.localhost --status 5xx --seconds 2 || echo "ended with $?"', beside],
  ['npx smartproxy-ingress backends --service quickstart/shop-cart', beside],
  [`npx smartproxy-ingress connections --route 'Ingress quickstart/shop' --older 10m || echo "ended with $?"`, beside],
  ['npx smartproxy-ingress connections --ended || echo "ended with $?"', beside],
  ["wrk -t1 -c64 -d5s -H 'Host: shop.localhost' http://127.0.0.1:8080/", profile('wrk')],
  ["perf record -F 1999 -g -p $(pgrep -f 'main.ts worker') -- sleep 2", profile('perf')],
  ['perf report --no-children -g none --sort dso', profile('perf')],
  ['perf report --no-children -g none --sort dso,symbol', profile('perf')],
  ["timeout -s INT 2 strace -c -f -p $(pgrep -f 'main.ts worker')", profile('strace')],

  ['npx smartproxy-ingress run --manifests examples/smartroute --echo-backends', examples],
  ["curl -H 'Host: rewrite.example.com' http://127.0.0.1:8080/users/17/orders", examples],

  ["sed 's#smartproxy-ingress:0.1.0#REGISTRY/&#' deploy/manifests/install.yaml | kubectl apply -f -", cluster],
  ['kubectl -n smartproxy-ingress get pods', cluster],
  ['kubectl -n smartproxy-ingress describe pods', cluster],
  ['kubectl -n smartproxy-ingress get lease smartproxy-ingress-leader -o yaml', cluster],
  [
    'head -c 24 /dev/urandom | base64 | kubectl -n smartproxy-ingress create secret generic smartproxy-ingress-admin --from-file=token=/dev/stdin',
    cluster,
  ],
  ["kubectl -n smartproxy-ingress get secret smartproxy-ingress-admin -o jsonpath='{.data.token}' | base64 -d", cluster],

  ['kubectl -n smartproxy-ingress logs deploy/smartproxy-ingress', node],
  ['kubectl -n smartproxy-ingress port-forward deploy/smartproxy-ingress 10254 10255', node],

  ['kubectl apply -f examples/cluster/hello.yaml', route],
  ['kubectl -n hello rollout status deployment/hello', route],
  ['kubectl -n smartproxy-ingress port-forward service/smartproxy-ingress 8080:80', route],
  ["curl -H 'Host: hello.example.com' http://127.0.0.1:8080/first", route],

  [
    'docker build -t REGISTRY/smartproxy-ingress:0.1.0 .',
    elsewhere('images are built with buildah, without a daemon', 'test/tools/image/product-image.ts', 'Dockerfile'),
  ],
  [
    'helm install smartproxy-ingress deploy/helm/smartproxy-ingress --namespace smartproxy-ingress --create-namespace --set image.repository=REGISTRY/smartproxy-ingress --set ingressClass.create=false --set ingressClass.name=nginx --set ingressClass.controllerValue=k8s.io/ingress-nginx --set config.status=false',
    elsewhere(
      noRegistry,
      'test/chart/golden/beside-ingress-nginx.in.yaml',
      'create: false, name: nginx, controllerValue: k8s.io/ingress-nginx',
    ),
  ],
  [
    'docker push REGISTRY/smartproxy-ingress:0.1.0',
    elsewhere(
      `${noRegistry}: the node takes the image from an archive`,
      'test/tools/node/installed-cluster.ts',
      'KubeNode.start([archive, ',
    ),
  ],
  [
    'helm install smartproxy-ingress deploy/helm/smartproxy-ingress --namespace smartproxy-ingress --create-namespace --set image.repository=REGISTRY/smartproxy-ingress',
    elsewhere(noRegistry, 'test/e2e/install.test.ts', "helm('install', name, chartPath, ...inNamespace, '--create-namespace'"),
  ],
  [
    'helm upgrade smartproxy-ingress deploy/helm/smartproxy-ingress --namespace smartproxy-ingress --reset-then-reuse-values --set metrics.serviceMonitor.enabled=true --set metrics.prometheusRule.enabled=true --set metrics.dashboards.enabled=true',
    elsewhere('no Prometheus operator runs in the tests', 'test/chart/golden/everything.in.yaml', 'prometheusRule:'),
  ],
  [
    "npx smartproxy-ingress connections --kill --route 'SmartRoute shop/mail' --older 1d --admin-token-file admin-token",
    elsewhere(
      'it ends what others here use, and takes a token',
      'test/feature/ask/live-commands.test.ts',
      "kill('--admin-token-file', token)",
    ),
  ],
  ['kubectl smartproxy status', elsewhere(noPlugin, 'test/e2e/install.test.ts', "const asks = ['status', ")],
  ['kubectl smartproxy explain https://shop.example.com/cart', elsewhere(noPlugin, 'test/e2e/install.test.ts', '`explain http://')],
  [
    'kubectl smartproxy -n edge --context prod routes --search shop',
    elsewhere(noCluster, 'test/feature/ask/kubectl-plugin.test.ts', "'-n', 'edge', '--context', 'prod', 'routes'"),
  ],
  [
    'kubectl smartproxy --pod smartproxy-ingress-7d9f4-x2x5k connections --ended',
    elsewhere(noCluster, 'test/feature/ask/kubectl-plugin.test.ts', "kubectl.ran('status', '--pod', 'z')"),
  ],
  [
    'helm test smartproxy-ingress --namespace smartproxy-ingress',
    elsewhere('it follows the installation above', 'test/e2e/install.test.ts', "helm('test', name"),
  ],
]);

/** A command in a page. */
export interface PageCommand {
  readonly page: string;
  readonly command: string;
  /** Lines of what it prints, from the block marked `text` that follows a block with this command alone. */
  readonly shows: readonly string[];
}

const question =
  /^npx smartproxy-ingress (?:(?:explain|lint|certs) [^|&;<>$]*(?:--manifests|-f) examples\/|diff examples\/\S+ examples\/)[^|&;<>$]*$/;

/**
 * What is asked when a command is a question about folders of the examples: the command without what a shell says of its status, else undefined.
 * It needs no row: every one is asked, and held to what its page shows of the answer, by `feature/docs/asked-commands.test.ts`.
 */
export function questionOf(command: string): string | undefined {
  const asked = command.replace(/ \|\| echo "ended with \$\?"$/, '');
  return question.test(asked) ? asked : undefined;
}

/** The commands of a page: of its blocks marked `sh`, line by line, each part of an `&&` by itself, without comments. */
export function commandsOfPage(page: string): readonly PageCommand[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```(?:\n\n```text\n([\s\S]*?)^```)?/gm);
  return [...blocks].flatMap(([, block = '', shown = '']) => {
    const commands = commandsOfBlock(block);
    const shows = commands.length === 1 ? shown.split('\n').filter((line) => line.trim() !== '') : [];
    return commands.map((command) => ({ page, command, shows }));
  });
}

function commandsOfBlock(block: string): readonly string[] {
  const lines = block.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines
    .flatMap((line) => line.replace(/(^|\s+)# .*$/, '').split(' && '))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** The commands of a kind, in the order of the table. */
export function commandsOfKind(kind: Drive['kind']): readonly string[] {
  return [...documentedCommands].filter(([, drive]) => drive.kind === kind).map(([command]) => command);
}
