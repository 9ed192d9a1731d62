import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { ClusterConfig } from '../../src/sources/kubernetes/cluster-config.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { kubeAssets } from './kube-assets.ts';

/** Who may talk to the API server: user name and groups, by token. */
export interface TokenUser {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

export const adminToken = 'admin-token';
const admin: TokenUser = { token: adminToken, user: 'admin', groups: ['system:masters'] };

/** The service account of the shipped manifests, by a static token: it may do exactly what RBAC binds to it. */
export function serviceAccountUser(namespace: string, name: string, token = 'controller-token'): TokenUser {
  return {
    token,
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

const run = promisify(execFile);

/**
 * A real etcd and kube-apiserver on free loopback ports, with their data in a temporary folder. The API server can be killed and
 * started again on the same port with the same data. No controllers run: a deleted namespace stays.
 */
export class ControlPlane {
  readonly folder: string;
  readonly port: number;
  readonly #bin: string;
  readonly #etcdPorts: readonly [client: number, peer: number];
  #etcd: ChildProcess | undefined;
  #apiServer: ChildProcess | undefined;

  private constructor(folder: string, bin: string, port: number, etcdPorts: readonly [number, number]) {
    this.folder = folder;
    this.port = port;
    this.#bin = bin;
    this.#etcdPorts = etcdPorts;
  }

  /** Starts both and waits until the API server is ready; `users` beside the administrator. */
  static async start(users: readonly TokenUser[] = []): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), 'smartproxy-control-plane-'));
    const plane = new ControlPlane(folder, await kubeAssets(), await freePort(), [await freePort(), await freePort()]);
    const keys = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    writeFileSync(join(folder, 'sa.key'), keys.privateKey);
    writeFileSync(join(folder, 'sa.pub'), keys.publicKey);
    plane.setUsers(users);
    plane.#startEtcd();
    await plane.startApiServer();
    return plane;
  }

  /** Who is known from the next start of the API server on. */
  setUsers(users: readonly TokenUser[]): void {
    const lines = [admin, ...users].map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`);
    writeFileSync(join(this.folder, 'tokens.csv'), lines.join(''));
  }

  /**
   * @param flags beside the usual ones
   * @param probe what has to answer 200: a server that lacks a kind is live and never ready
   */
  async startApiServer(flags: readonly string[] = [], probe: '/readyz' | '/livez' = '/readyz'): Promise<void> {
    const file = (name: string) => join(this.folder, name);
    this.#apiServer = this.#spawn('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${this.#etcdPorts[0]}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.port}`,
      `--cert-dir=${file('certs')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('sa.pub')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
      '--authorization-mode=RBAC',
      // As clusters have it; who may is for Pod Security to say.
      '--allow-privileged=true',
      `--token-auth-file=${file('tokens.csv')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      // On loopback there is no address of the server that could become the endpoint of the Service `kubernetes`.
      '--endpoint-reconciler-type=none',
      '--disable-admission-plugins=ServiceAccount',
      ...flags,
    ]);
    await eventually('the API server is ready', () => this.#isReady(probe), 120_000);
  }

  /** kill -9: connections are reset, nothing is said to anyone. */
  async killApiServer(): Promise<void> {
    await kill(this.#apiServer);
    this.#apiServer = undefined;
  }

  /** Makes etcd forget every version before now, so that a watch from one of them is answered 410 by a fresh API server. */
  async compact(): Promise<void> {
    const etcd = `http://127.0.0.1:${this.#etcdPorts[0]}/v3/kv`;
    const range = await fetch(`${etcd}/range`, { method: 'POST', body: JSON.stringify({ key: 'AA==' }) });
    const { header } = (await range.json()) as { header: { revision: string } };
    const answer = await fetch(`${etcd}/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: header.revision, physical: true }),
    });
    if (!answer.ok) throw new Error(`Cannot compact etcd: ${answer.status} ${await answer.text()}`);
  }

  /** Writes a kubeconfig for a token and gives its path; `port` when the API server is reached through something else. */
  kubeconfig(token: string, port = this.port): string {
    const path = join(this.folder, `${token}-${port}.kubeconfig`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': this.caFile } }],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  get caFile(): string {
    return join(this.folder, 'certs', 'apiserver.crt');
  }

  /** A client of our own, by default the administrator's. */
  client(token = adminToken, port = this.port): ApiClient {
    return new ApiClient(new ClusterConfig({ kubeconfig: this.kubeconfig(token, port) }));
  }

  /** Until the API server serves the kinds of CustomResourceDefinitions. kubectl fails to wait for one that has no status yet, so it is asked again. */
  async crdsEstablished(...which: readonly string[]): Promise<void> {
    const wait = ['wait', '--for=condition=Established', '--timeout=60s', ...which];
    await eventually(`${which.join(' ')} established`, () => this.kubectl(...wait), 90_000);
  }

  /** kubectl as the administrator; its standard output. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const global = ['--kubeconfig', this.kubeconfig(adminToken), '--cache-dir', join(this.folder, 'kubectl-cache')];
    const { stdout } = await run(join(this.#bin, 'kubectl'), [...global, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  /** Ends both and removes their data. */
  async stop(): Promise<void> {
    await Promise.all([kill(this.#apiServer), kill(this.#etcd)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #startEtcd(): void {
    const [client, peer] = this.#etcdPorts.map((port) => `http://127.0.0.1:${port}`);
    this.#etcd = this.#spawn('etcd', [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ]);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.folder, `${program}.log`), 'a');
    const child = spawn(join(this.#bin, program), args, { cwd: this.folder, stdio: ['ignore', log, log] });
    closeSync(log);
    // A test that ends without stop() leaves nothing behind.
    const killChild = () => child.kill('SIGKILL');
    process.once('exit', killChild);
    child.once('exit', () => process.off('exit', killChild));
    return child;
  }

  async #isReady(path: string): Promise<boolean> {
    if (this.#apiServer?.exitCode != null) {
      throw new Error(`kube-apiserver ended: ${readFileSync(join(this.folder, 'kube-apiserver.log'), 'utf8').slice(-2000)}`);
    }
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${adminToken}` };
      const options = { host: '127.0.0.1', port: this.port, path, headers, rejectUnauthorized: false, agent: false };
      const sent = request(options, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      sent.once('error', () => resolve(false));
      sent.end();
    });
  }
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
