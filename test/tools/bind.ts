import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { debianPackagesObstacle, installDebianPackages } from './debian-packages.ts';
import { eventually } from './eventually.ts';

const packages = ['bind9', 'iproute2'];
const named = '/usr/sbin/named';
const firstSerial = 1;

function isInstalled(): boolean {
  return spawnSync(named, ['-v']).status === 0 && spawnSync('ip', ['-V']).status === 0;
}

/** Why there is no BIND here, or it may not have the port of DNS; undefined when it can run. */
export function bindObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may listen on port 53';
  return isInstalled() ? undefined : debianPackagesObstacle(packages);
}

/** Skips a test where there is no BIND; not in CI, which must have one. */
export function bindSkip(): string | false {
  const obstacle = bindObstacle();
  return obstacle !== undefined && process.env.CI !== 'true' ? `no BIND: ${obstacle}` : false;
}

export interface BindOptions {
  /** Records of each zone in the words of zone files, beside its SOA, its name servers and the address of all that has none of its own. */
  readonly zones: Readonly<Record<string, readonly string[]>>;
  /** Zones that the key may change. */
  readonly changeable: readonly string[];
  readonly algorithm?: 'hmac-sha256' | 'hmac-sha512';
}

/** A real BIND: a primary that takes updates, and a secondary that hears of them, each at port 53 of a loopback address of its own. */
export class Bind {
  readonly primary: string;
  readonly secondary: string;
  readonly keyName = 'acme-key';
  /** In base64. */
  readonly secret = randomBytes(32).toString('base64');
  readonly #folder = mkdtempSync(join(tmpdir(), 'smartproxy-bind-'));
  readonly #options: BindOptions;
  readonly #children: ChildProcess[] = [];
  #serial = firstSerial;

  private constructor(options: BindOptions) {
    this.#options = options;
    const net = `127.${randomInt(64, 255)}.${randomInt(1, 255)}`;
    this.primary = `${net}.1`;
    this.secondary = `${net}.2`;
  }

  /** Ends with the test. */
  static async start(t: TestContext, options: BindOptions): Promise<Bind> {
    if (!isInstalled()) await installDebianPackages(packages);
    const bind = new Bind(options);
    t.after(() => bind.#stop());
    bind.#configure();
    // BIND listens on addresses of interfaces alone, and loopback has one.
    for (const address of [bind.primary, bind.secondary]) changeLoopback('add', address);
    // One after the other: a secondary that finds no primary takes its time to look again.
    for (const [name, address] of [
      ['primary', bind.primary],
      ['secondary', bind.secondary],
    ] as const) {
      bind.#children.push(serve(join(bind.#folder, name)));
      const answers = async () => {
        for (const zone of Object.keys(options.zones)) await resolverOf(address).resolveSoa(zone);
        return true;
      };
      await eventually(`the ${name} answers`, () => answers().catch(() => false)).catch((error) => {
        throw new Error(`${error.message}\n${bind.log}`);
      });
    }
    return bind;
  }

  /** Other records of a zone that the key may not change, at both servers. */
  async rewrite(zone: string, records: readonly string[]): Promise<void> {
    const serial = ++this.#serial;
    writeFileSync(join(this.#folder, 'primary', zone), zoneFile([this.primary, this.secondary], records, serial));
    this.#children[0]?.kill('SIGHUP');
    for (const server of [this.primary, this.secondary])
      await eventually(`${server} has the zone as it is now`, async () => (await resolverOf(server).resolveSoa(zone)).serial === serial);
  }

  /** The texts under a name, at one of the servers. */
  async texts(name: string, server = this.primary): Promise<readonly string[]> {
    try {
      return (await resolverOf(server).resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      if (['ENODATA', 'ENOTFOUND'].includes(String((error as NodeJS.ErrnoException).code))) return [];
      throw error;
    }
  }

  /** What the servers wrote to their logs. */
  get log(): string {
    return ['primary', 'secondary'].map((name) => readFileSync(join(this.#folder, name, 'log'), 'utf8')).join('\n');
  }

  #configure(): void {
    const { zones, changeable, algorithm = 'hmac-sha256' } = this.#options;
    const own = folderIn(this.#folder, 'primary');
    const other = folderIn(this.#folder, 'secondary');
    const key = `key "${this.keyName}" { algorithm ${algorithm}; secret "${this.secret}"; };\n`;
    const primaryZones = Object.entries(zones).map(([zone, records]) => {
      writeFileSync(join(own, zone), zoneFile([this.primary, this.secondary], records));
      const updates = changeable.includes(zone) ? `allow-update { key "${this.keyName}"; };` : '';
      return `zone "${zone}" { type primary; file "${zone}"; notify explicit; also-notify { ${this.secondary}; }; ${updates} };\n`;
    });
    const secondaryZones = Object.keys(zones).map(
      (zone) => `zone "${zone}" { type secondary; file "${zone}"; primaries { ${this.primary}; }; };\n`,
    );
    writeFileSync(join(own, 'named.conf'), configuration(own, this.primary) + key + primaryZones.join(''));
    writeFileSync(join(other, 'named.conf'), configuration(other, this.secondary) + secondaryZones.join(''));
  }

  async #stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const end = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await end;
    }
    for (const address of [this.primary, this.secondary]) changeLoopback('del', address);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function changeLoopback(action: 'add' | 'del', address: string): void {
  const { status, stderr } = spawnSync('ip', ['address', action, `${address}/32`, 'dev', 'lo'], { encoding: 'utf8' });
  if (status !== 0 && action === 'add') throw new Error(`Cannot add the address ${address} to loopback: ${stderr}`);
}

function resolverOf(server: string): Resolver {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([server]);
  return resolver;
}

function folderIn(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'log'), '');
  return path;
}

function configuration(folder: string, address: string): string {
  const settings = [
    `directory "${folder}"; listen-on port 53 { ${address}; }; listen-on-v6 { none; }; recursion no; dnssec-validation no;`,
    `pid-file none; lock-file none; session-keyfile "${join(folder, 'session.key')}"; allow-transfer { any; };`,
    `notify-source ${address}; transfer-source ${address}; query-source address ${address}; notify-delay 0;`,
  ];
  return `options { ${settings.join('\n')} };\ncontrols { };\n`;
}

function serve(folder: string): ChildProcess {
  const child = spawn(named, ['-c', join(folder, 'named.conf'), '-L', join(folder, 'log'), '-f', '-n', '1'], { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

function zoneFile(servers: readonly string[], records: readonly string[], serial = firstSerial): string {
  const names = servers.map((address, index) => `@ NS ns${index}\nns${index} A ${address}`);
  return `$TTL 60\n@ SOA ns0 hostmaster ${serial} 3600 600 86400 60\n${[...names, '@ A 127.0.0.1', ...records].join('\n')}\n`;
}
