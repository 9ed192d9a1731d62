import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One GET on a connection of its own to 127.0.0.1; with `ca` over TLS, verified for `host`. */
export function get(
  port: number,
  host: string,
  path: string,
  ca?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const common = { port, host: '127.0.0.1', path, headers: { host, ...headers }, agent: false };
    const request = ca === undefined ? httpRequest(common) : httpsRequest({ ...common, ca, servername: host });
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.once('error', reject);
    });
    request.end();
  });
}
