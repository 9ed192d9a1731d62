import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { eventually } from '../eventually.ts';
import { configMap, service, serviceGrant } from '../manifests.ts';
import { NamedBackend } from '../named-backend.ts';
import type { Program } from '../program.ts';
import { ScriptedBackend } from '../scripted-backend.ts';
import { type DefaultCase, host } from './default-case.ts';

/** A GET whose answer is not read by itself. */
async function opened(program: Program, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  const request = httpRequest({ host: '127.0.0.1', port: program.httpPort, agent: false, headers: { host, ...headers } });
  request.on('error', () => {}).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Compresses well, and better the longer one tries. */
const text = Array.from({ length: 4000 }, (_, n) => `${(n * n * 31) % 97} ${(n * 7919) % 1009}`).join();

/** Defaults that change what backends and clients get to see. */
export const answerCases: readonly DefaultCase[] = [
  {
    policy: {
      headers: {
        request: {
          remove: ['Cookie'],
          set: [{ name: 'X-Team', value: 'blue' }],
          add: [{ name: 'X-Tag', value: 'two' }],
        },
        response: {
          remove: ['X-Hint'],
          set: [{ name: 'Cache-Control', value: 'no-store' }],
          add: [{ name: 'X-Kind', value: 'proxied' }],
        },
      },
    },
    look: async (start) => {
      await using backend = await NamedBackend.start('web', { 'x-hint': 'secret', 'cache-control': 'public', 'x-kind': 'backend' });
      const program = await start([backend.port]);
      const answer = await program.ask(host, '/', { headers: { cookie: 'a=b', 'x-team': 'red', 'x-tag': 'one' } });
      const seen = backend.seen[0]?.headers ?? {};
      return [
        [seen.cookie, seen['x-team'], seen['x-tag']],
        [answer.headers['x-hint'], answer.headers['cache-control'], answer.headers['x-kind']],
      ];
    },
    without: [
      ['a=b', 'red', 'one'],
      ['secret', 'public', 'backend'],
    ],
    with: [
      [undefined, 'blue', 'one, two'],
      [undefined, 'no-store', 'backend, proxied'],
    ],
  },
  {
    policy: {
      cors: {
        ...{ allowOrigins: ['https://app.test'], allowMethods: ['GET', 'PUT'], allowHeaders: ['X-Team'], exposeHeaders: ['X-Total'] },
        ...{ allowCredentials: true, maxAge: '10m' },
      },
    },
    look: async (start) => {
      await using backend = await NamedBackend.start('web');
      const program = await start([backend.port]);
      const origin = 'https://app.test';
      const asking = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-team' };
      const preflight = await program.ask(host, '/', { method: 'OPTIONS', headers: { origin, ...asking } });
      const answer = await program.ask(host, '/', { headers: { origin } });
      const names = ['allow-origin', 'allow-methods', 'allow-headers', 'allow-credentials', 'max-age'];
      return [
        ...names.map((name) => preflight.headers[`access-control-${name}`]),
        answer.headers['access-control-expose-headers'],
        backend.seen.length,
      ];
    },
    without: [undefined, undefined, undefined, undefined, undefined, undefined, 2],
    with: ['https://app.test', 'GET, PUT', 'X-Team', 'true', '600', 'X-Total', 1],
  },
  {
    policy: { compression: { algorithms: ['Gzip'], types: ['image/png'], minSize: '20', level: 'Fast' } },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, ({ url }, response) => {
        const type = url === '/text' ? 'text/plain' : 'image/png';
        const body = url === '/small' ? 'x'.repeat(30) : text;
        response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
      });
      const program = await start([backend.port]);
      const accept = { 'accept-encoding': 'zstd, br, gzip' };
      const codings: unknown[] = [];
      for (const path of ['/', '/text', '/small'])
        codings.push((await program.ask(host, path, { headers: accept })).headers['content-encoding']);
      let bytes = 0;
      for await (const chunk of await opened(program, accept)) bytes += (chunk as Buffer).length;
      return [...codings, bytes < text.length && bytes > gzipSync(text).length * 1.05];
    },
    without: [undefined, undefined, undefined, false],
    with: ['gzip', undefined, 'gzip', true],
  },
  {
    policy: { buffering: { answer: true, maxAnswer: '4Mi' } },
    look: async (start, t) => {
      const block = Buffer.alloc(65_536);
      const backend = await ScriptedBackend.start(t, (_request, response) => {
        const pump = (): void => {
          while (response.write(block));
        };
        response.on('drain', pump);
        pump();
      });
      const program = await start([backend.port]);
      const answer = await opened(program);
      await eventually('as much is held as may be', () => program.dataPlane.snapshot().routeBufferBytes >= 4 * 1024 * 1024);
      answer.destroy();
      return 'held';
    },
    with: 'held',
  },
  {
    policy: {
      errorPages: [
        { statuses: [404], errorsOf: 'All', text: '{"gone":true}', contentType: 'application/json' },
        { statuses: [500], errorsOf: 'Proxy', text: 'ours' },
        { statuses: [502], backend: { name: 'pages', namespace: 'other', port: { name: 'web' } } },
        { statuses: [503], backend: { name: 'pages', namespace: 'other', port: { number: 80 } } },
        { statuses: [504], configMapRef: { name: 'pages', key: '504' } },
      ],
    },
    look: async (start, t) => {
      const backend = await ScriptedBackend.start(t, ({ url }, response) =>
        response.writeHead(Number(url.slice(1)), { 'content-type': 'text/plain' }).end('backend'),
      );
      const pages = await ScriptedBackend.start(t, ({ headers }, response) => response.writeHead(418).end(`page ${headers['x-code']}`));
      const texts = configMap('pages', { 504: 'from a ConfigMap' }, { 'smartproxy.dev/error-pages': 'true' });
      const ofPages = service('pages', pages.port).replaceAll('namespace: default', 'namespace: other');
      const grant = serviceGrant('other', { kind: 'SmartProxyConfig' });
      const program = await start([backend.port], ofPages + grant + texts);
      const missing = await program.ask(host, '/404');
      const others: unknown[] = [];
      for (const path of ['/500', '/502', '/503', '/504']) others.push((await program.ask(host, path)).body);
      return [missing.status, missing.body, missing.headers['content-type'], ...others];
    },
    without: [404, 'backend', 'text/plain', 'backend', 'backend', 'backend', 'backend'],
    with: [404, '{"gone":true}', 'application/json', 'backend', 'page 502', 'page 503', 'from a ConfigMap'],
  },
];
