import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { builtPrograms, readGoBuild } from './go-build.ts';
import { makeTestCertificate } from './test-certificate.ts';

const build = readGoBuild('pebble');

/** The folder of `pebble` and `pebble-challtestsrv`, built once. */
export function pebblePrograms(): Promise<string> {
  return builtPrograms(build);
}

export interface PebbleOptions {
  /** Where it looks for answers over HTTP, at the addresses that its DNS gives. */
  readonly httpPort: number;
  /** Where it looks for answers over TLS. @default 1 */
  readonly tlsPort?: number;
  /** Waits of up to 15 s before it looks. @default false: at once */
  readonly isSlow?: boolean;
  /** Where it is slow, the seconds that it waits at most. @default 15 */
  readonly mostSlowSeconds?: number;
  /** Of a hundred good nonces, how many it refuses. @default 15 */
  readonly refusedNonces?: number;
  /** MAC keys by key identifier: accounts need one of them. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Names that it never issues for. */
  readonly blocked?: readonly string[];
  /** Seconds that certificates are valid for. @default 90 days */
  readonly validitySeconds?: number;
  /** @default free ones */
  readonly port?: number;
  /** `address:port` of the DNS server that it asks. @default one of its own, where every name leads to 127.0.0.1 */
  readonly dns?: string;
}

/** A real Pebble, the test CA of Let's Encrypt, with its DNS server: on loopback, with its own CA and data in memory. */
export class Pebble {
  /** PEM that its servers' certificate is verified by. */
  readonly trusted: string;
  readonly directory: string;
  /** `address:port` of the DNS server that it asks. */
  readonly resolver: string;
  readonly #folder: string;
  readonly #managementPort: number;
  readonly #dnsManagementPort: number;
  readonly #start: () => ChildProcess;
  readonly #dns: ChildProcess;
  #pebble: ChildProcess;

  private constructor(parts: {
    trusted: string;
    folder: string;
    port: number;
    resolver: string;
    managementPort: number;
    dnsManagementPort: number;
    dns: ChildProcess;
    start: () => ChildProcess;
  }) {
    this.trusted = parts.trusted;
    this.directory = `https://localhost:${parts.port}/dir`;
    this.resolver = parts.resolver;
    this.#folder = parts.folder;
    this.#managementPort = parts.managementPort;
    this.#dnsManagementPort = parts.dnsManagementPort;
    this.#dns = parts.dns;
    this.#start = parts.start;
    this.#pebble = parts.start();
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const bin = await pebblePrograms();
    const folder = mkdtempSync(join(tmpdir(), 'smartproxy-pebble-'));
    const { key, cert } = await makeTestCertificate('localhost');
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    const port = options.port ?? (await freePort());
    const [managementPort, dnsPort, dnsManagementPort] = [await freePort(), await freePort(), await freePort()];
    const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess => {
      const log = openSync(join(folder, `${program}.log`), 'a');
      const child = spawn(join(bin, program), args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
      closeSync(log);
      const kill = () => child.kill('SIGKILL');
      process.once('exit', kill);
      child.once('exit', () => process.off('exit', kill));
      return child;
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pebble: configOf(options, port, managementPort) }));
    const start = () =>
      run('pebble', ['-config', 'config.json', '-dnsserver', options.dns ?? `127.0.0.1:${dnsPort}`], {
        PEBBLE_VA_NOSLEEP: options.isSlow === true ? '0' : '1',
        PEBBLE_VA_SLEEPTIME: String(options.mostSlowSeconds ?? 15),
        PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 15),
        // Each order proves its names anew.
        PEBBLE_AUTHZREUSE: '0',
        PEBBLE_ALTERNATE_ROOTS: '1',
      });
    const dns = run('pebble-challtestsrv', [
      ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dnsserver', `127.0.0.1:${dnsPort}`],
      ...['-management', `127.0.0.1:${dnsManagementPort}`, '-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', ''],
    ]);
    const resolver = options.dns ?? `127.0.0.1:${dnsPort}`;
    const pebble = new Pebble({ trusted: cert, folder, port, resolver, managementPort, dnsManagementPort, dns, start });
    await pebble.#untilReady();
    return pebble;
  }

  /** What it wrote to its log. */
  get log(): string {
    return readFileSync(join(this.#folder, 'pebble.log'), 'utf8');
  }

  /** Certificates that it issued so far. */
  get issued(): number {
    return this.log.match(/Issued certificate serial/g)?.length ?? 0;
  }

  /** A certificate that its chains end at, in PEM: 0 of the first, 1 of the other. */
  async root(index: 0 | 1 = 0): Promise<string> {
    return (await ask(this.#managementPort, `/roots/${index}`)).text;
  }

  /** Makes a name lead to these addresses. */
  async resolve(host: string, ...addresses: readonly string[]): Promise<void> {
    const url = `http://127.0.0.1:${this.#dnsManagementPort}/add-a`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ host, addresses }) });
    if (!answer.ok) throw new Error(`Cannot set addresses of ${host}: ${answer.status}`);
  }

  /** kill -9: it forgets every account and order. */
  async kill(): Promise<void> {
    await ended(this.#pebble);
  }

  async restart(): Promise<void> {
    this.#pebble = this.#start();
    await this.#untilReady();
  }

  async stop(): Promise<void> {
    await Promise.all([ended(this.#pebble), ended(this.#dns)]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #untilReady(): Promise<unknown> {
    return eventually('Pebble answers', async () => {
      if (this.#pebble.exitCode !== null) throw new Error(`Pebble ended: ${this.log.slice(-2000)}`);
      return (await ask(Number(new URL(this.directory).port), '/dir').catch(() => undefined))?.status === 200;
    });
  }
}

function configOf(options: PebbleOptions, port: number, managementPort: number): object {
  const { httpPort, tlsPort = 1, externalAccounts, blocked = [], validitySeconds = 7_776_000 } = options;
  return {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: 'cert.pem',
    privateKey: 'key.pem',
    httpPort,
    tlsPort,
    externalAccountBindingRequired: externalAccounts !== undefined,
    ...(externalAccounts && { externalAccountMACKeys: externalAccounts }),
    domainBlocklist: blocked,
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: {
      default: { description: 'As long as told', validityPeriod: validitySeconds },
      shortlived: { description: 'Six days', validityPeriod: 518_400 },
    },
  };
}

function ask(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, headers: { 'user-agent': 'test' }, rejectUnauthorized: false, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await end;
}
