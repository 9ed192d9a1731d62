import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { get } from '../get.ts';
import { forwardTo, ingress, ingressClass, service, smartRoute } from '../manifests.ts';
import { NamedBackend } from '../named-backend.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../running-command.ts';

/** What would run if it were taken for markup. */
export const hostileText = '<img src=x onerror="window.owned=1">';

/** A running program with something of everything: what works, what does not, and names that mean harm. */
export class UiProgram {
  readonly command: RunningCommand;
  readonly http: number;
  readonly https: number;
  readonly admin: number;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(command: RunningCommand, ports: { readonly http: number; readonly https: number; readonly admin: number }) {
    this.command = command;
    this.http = ports.http;
    this.https = ports.https;
    this.admin = ports.admin;
  }

  /** Ends with the test. */
  static async start(t: TestContext, args: readonly string[] = []): Promise<UiProgram> {
    const backend = await NamedBackend.start('web');
    t.after(() => backend[Symbol.asyncDispose]());
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'all.yaml'), objects(backend.port));
    const command = await startRun(t, ['--manifests', folder, ...args]);
    const program = new UiProgram(command, {
      http: await command.port('http'),
      https: await command.port('https'),
      admin: await command.port('admin'),
    });
    t.after(() => program.#agent.destroy());
    return program;
  }

  get url(): string {
    return `http://localhost:${this.admin}/`;
  }

  /** Requests that are answered, and one that is answered 503. */
  async traffic(): Promise<void> {
    const asked = Array.from({ length: 5 }, () => this.#ask('shop.localhost', '/'));
    await Promise.all([...asked, get(this.http, 'shop.localhost', '/gone')]);
  }

  /** A keep-alive connection that has been answered. */
  async client(t: TestContext): Promise<Socket> {
    const socket = connect(this.http, '127.0.0.1');
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    await once(socket, 'data');
    return socket;
  }

  /** A connection that is passed through, with its TLS unread. */
  passedThrough(t: TestContext): void {
    const socket = connectTls({ port: this.https, host: '127.0.0.1', servername: 'passed.localhost' });
    // Its backend speaks no TLS.
    socket.on('error', () => {});
    t.after(() => socket.destroy());
  }

  async #ask(host: string, path: string): Promise<void> {
    const sent = request({ host: '127.0.0.1', port: this.http, path, headers: { host }, agent: this.#agent });
    sent.end();
    const [answer] = await once(sent, 'response');
    answer.resume();
    await once(answer, 'end');
  }
}

function objects(port: number): string {
  const match = { path: { type: 'Prefix', value: '/' }, headers: [{ name: 'x-evil', value: hostileText }] };
  const rules = [
    { name: 'evil', matches: [match], action: forwardTo('web') },
    { name: 'rest', action: forwardTo('web') },
  ];
  return [
    ingressClass,
    service('web', port),
    service('empty'),
    ingress('shop', {
      rules: {
        'shop.localhost': [
          ['/', 'Prefix', 'web'],
          ['/gone', 'Prefix', 'gone'],
          ['/empty', 'Prefix', 'empty'],
        ],
      },
      tls: [{ hosts: ['shop.localhost'] }],
      annotations: { 'smartproxy.dev/ssl-redirect': 'false', [`smartproxy.dev/${hostileText}`]: 'x' },
    }),
    ingress('lost', { rules: { 'lost.localhost': [['/', 'Prefix', 'gone']] } }),
    smartRoute('moved', {
      hosts: ['moved.localhost'],
      http: { rules: [{ name: 'all', action: { redirect: { host: 'shop.localhost' } } }] },
    }),
    smartRoute('passed', {
      hosts: ['passed.localhost'],
      tls: { mode: 'Passthrough' },
      tcp: { backends: [{ name: 'web', port: { name: 'web' } }] },
    }),
    smartRoute('evil', { hosts: ['evil.localhost'], http: { rules } }),
  ].join('');
}
