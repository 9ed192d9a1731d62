import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { debianPackagesObstacle, installDebianPackages } from './debian-packages.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import type { TestCertificate } from './test-certificate.ts';

const packages = ['redis-server'];

function isInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** Why there is no Redis here; undefined when there is one or it can be had. */
export function redisObstacle(): string | undefined {
  return isInstalled() ? undefined : debianPackagesObstacle(packages);
}

export interface RedisServerOptions {
  /** Of the default user; undefined: it needs none. */
  readonly password?: string | undefined;
  /** A user more, who may do everything; the default one may do nothing then. */
  readonly user?: { readonly name: string; readonly password: string } | undefined;
  /** It speaks TLS alone, with this certificate. */
  readonly certificate?: TestCertificate | undefined;
}

/** A real redis-server on 127.0.0.1, without anything on disk that outlives the test. */
export class RedisServer {
  readonly port: number;
  readonly #dir = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  private constructor(port: number, options: RedisServerOptions) {
    this.port = port;
    this.#options = options;
  }

  /** Ends with the test. */
  static async start(t: TestContext, options: RedisServerOptions = {}): Promise<RedisServer> {
    if (!isInstalled()) await installDebianPackages(packages);
    const server = new RedisServer(await freePort(), options);
    t.after(async () => {
      await server.stop();
      rmSync(server.#dir, { recursive: true, force: true });
    });
    await server.run();
    return server;
  }

  get url(): string {
    return this.#options.certificate === undefined ? `redis://127.0.0.1:${this.port}/0` : `rediss://localhost:${this.port}/0`;
  }

  /** Starts it, or starts it again. */
  async run(): Promise<void> {
    const { password, user, certificate } = this.#options;
    const place = ['--bind', '127.0.0.1', '--dir', this.#dir, '--save', '', '--appendonly', 'no'];
    const args =
      certificate === undefined ? ['--port', String(this.port), ...place] : ['--port', '0', ...place, ...this.#tlsArguments(certificate)];
    if (password !== undefined) args.push('--requirepass', password);
    if (user !== undefined) {
      const file = join(this.#dir, 'redis.conf');
      writeFileSync(file, `user default off\nuser ${user.name} on "#${sha256(user.password)}" ~* &* +@all\n`);
      args.unshift(file);
    }
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    this.#child = child;
    await eventually('redis-server listens', () => isListening(this.port));
  }

  #tlsArguments({ cert, key }: TestCertificate): readonly string[] {
    const [certFile, keyFile] = [join(this.#dir, 'tls.crt'), join(this.#dir, 'tls.key')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    return ['--tls-port', String(this.port), '--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'];
  }

  /** The process lives and says nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** One command without quotation, by the inline protocol. */
  async command(text: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      return await new Promise((resolve, reject) => {
        socket.once('error', reject);
        socket.once('data', (data) => resolve(String(data)));
        socket.write(`${text}\r\n`);
      });
    } finally {
      socket.destroy();
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
