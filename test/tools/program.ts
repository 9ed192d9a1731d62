import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeObject } from '../../src/api/objects.ts';
import { listenersOf } from '../../src/cli/listeners.ts';
import { translateOptionsOf } from '../../src/cli/translate-options.ts';
import { parseArguments } from '../../src/config/arguments.ts';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { Controller } from '../../src/controller/controller.ts';
import { parseManifest } from '../../src/sources/manifests/parse-manifest.ts';
import { ObjectStore } from '../../src/sources/object-store.ts';
import { Translator } from '../../src/translate/translate.ts';
import type { Translation } from '../../src/translate/translation.ts';
import { DataPlane } from '../../src/workers/data-plane.ts';
import { type LoggedLine, RecordedAccessLog } from './recorded-access-log.ts';

const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: (fields: unknown, message: string) => console.error(message, fields) };

/** The objects of one YAML text; what is wrong with them fails the test. */
export function objectsOf(yaml: string): readonly KubeObject[] {
  const result = parseManifest(Buffer.from(yaml));
  if (result.kind === 'failed') throw new Error(`Cannot parse the test's YAML at line ${result.line}: ${result.message}`);
  if (result.manifest.problems.length > 0) throw new Error(`The test's YAML has problems: ${JSON.stringify(result.manifest.problems)}`);
  return result.manifest.objects.map(({ object }) => object);
}

/** An answer as a test looks at it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over TLS with this server name; the host of the request when true. */
  readonly tls?: boolean | string;
  /** Shown over TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly body?: string;
}

/**
 * The whole program in this process: objects in, real sockets out. No source but the test, no worker process; everything between is what
 * `run` uses. Changes are deterministic: `apply` resolves when the table of exactly these objects serves.
 */
export class Program implements AsyncDisposable {
  readonly config: Config;
  readonly store = new ObjectStore();
  readonly dataPlane: DataPlane;
  readonly controller: Controller;
  readonly #accessLog = new RecordedAccessLog();
  httpPort = 0;
  httpsPort = 0;
  /** Of every listener, by name. */
  readonly ports = new Map<string, number>();
  #finished = false;
  #translation: Translation | undefined;
  #translated = Promise.withResolvers<void>();

  private constructor(flags: readonly string[]) {
    const args = [
      '--manifests',
      '-',
      '--http-port',
      '0',
      '--https-port',
      '0',
      '--address',
      '127.0.0.1',
      '--status-port',
      '0',
      '--admin-port',
      '0',
      '--access-log',
      'all',
    ];
    const system = { env: {}, inPod: false, hostname: 'test', home: '/nonexistent', hasIpv6: false, podNamespace: undefined };
    this.config = resolveConfig(parseArguments([...args, ...flags]).texts, system).config;
    this.dataPlane = new DataPlane({ config: this.config, idPrefix: 't', accessLog: this.#accessLog.log });
    this.controller = new Controller({
      source: { store: this.store, setReferencedSecrets: silent },
      translator: new Translator(translateOptionsOf(this.config, listenersOf(this.config))),
      publisher: this.dataPlane,
      log,
      holdOffMs: 1,
      maxHoldOffMs: 1,
      secretGraceMs: 0,
      onTranslation: (translation) => {
        this.#translation = translation;
        this.#translated.resolve();
      },
    });
  }

  /** Starts with the objects of `yaml` and the flags given; ports are free ones on 127.0.0.1. */
  static async start(yaml: string, flags: readonly string[] = []): Promise<Program> {
    const program = new Program(flags);
    program.store.replaceAll(objectsOf(yaml));
    program.store.markSynced();
    program.controller.start();
    await program.#translated.promise;
    for (const { listener, port } of await program.dataPlane.openListeners()) {
      program.ports.set(listener, port);
      if (listener === 'http') program.httpPort = port;
      if (listener === 'https') program.httpsPort = port;
    }
    return program;
  }

  get translation(): Translation {
    if (this.#translation === undefined) throw new Error('The program has not translated yet');
    return this.#translation;
  }

  /** The reasons of all problems. */
  get problems(): readonly string[] {
    return this.translation.problems.map(({ reason }) => reason);
  }

  /** Makes the objects of `yaml` all that there is. */
  async replace(yaml: string): Promise<void> {
    await this.#change(() => this.store.replaceAll(objectsOf(yaml)));
  }

  /** Adds or replaces the objects of `yaml`. */
  async apply(yaml: string): Promise<void> {
    await this.#change(() =>
      objectsOf(yaml)
        .map((object) => this.store.apply(object))
        .includes(true),
    );
  }

  async remove(kind: KubeObject['kind'], key: string): Promise<void> {
    await this.#change(() => this.store.remove(kind, key));
  }

  /** One request on a connection of its own. */
  ask(host: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const { method = 'GET', headers = {}, tls = false, certificate = {}, body } = options;
    const common = { method, path, headers: { host, ...headers }, host: '127.0.0.1', agent: false as const };
    return new Promise((resolve, reject) => {
      const request = tls
        ? httpsRequest({
            ...common,
            ...certificate,
            port: this.httpsPort,
            servername: tls === true ? host : tls,
            rejectUnauthorized: false,
          })
        : httpRequest({ ...common, port: this.httpPort });
      request.once('error', reject);
      request.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      });
      request.end(body);
    });
  }

  /** Ends the program and returns its access log, which is on unless flags or objects say otherwise. */
  async finish(): Promise<readonly LoggedLine[]> {
    await this.#end();
    return await this.#accessLog.finish();
  }

  /** As `finish`, for a log in whatever format. */
  async finishText(): Promise<readonly string[]> {
    await this.#end();
    return await this.#accessLog.finishText();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#finished) await this.finish();
  }

  async #end(): Promise<void> {
    this.#finished = true;
    this.controller.close();
    await this.dataPlane.close();
  }

  async #change(change: () => boolean): Promise<void> {
    const next = Promise.withResolvers<void>();
    this.#translated = next;
    if (change()) await next.promise;
    await nextTurn();
  }
}
