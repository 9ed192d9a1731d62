import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

/** A GET on a connection of its own. */
export interface Ask {
  /** `http1`, `https` (verified when there is a `ca`), or `h2` over TLS. */
  readonly protocol: 'http1' | 'https' | 'h2';
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly ca?: string;
  /** Ask again, every 5 ms, until this is the status or the time is over; the last answer counts. */
  readonly until?: { readonly status: number; readonly timeoutMs: number };
}

export interface Asked {
  /** 0: no answer, and `body` says why. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When the answer was complete, as `Date.now()` says. */
  readonly atMs: number;
}

/** Asks, as often as `until` says. */
export async function ask(what: Ask): Promise<Asked> {
  const endMs = Date.now() + (what.until?.timeoutMs ?? 0);
  for (;;) {
    const asked = await (what.protocol === 'h2' ? askHttp2(what) : askHttp1(what)).catch(
      (error: Error): Asked => ({ status: 0, headers: {}, body: error.message, atMs: Date.now() }),
    );
    if (asked.status === what.until?.status || Date.now() >= endMs) return asked;
    await delay(5);
  }
}

function askHttp1({ protocol, address, port, host, path, ca }: Ask): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const common = { host: address, port, path, headers: { host }, agent: false, timeout: 30_000 };
    const secure = { ...common, ca, servername: host, rejectUnauthorized: ca !== undefined };
    const request = protocol === 'http1' ? requestHttp(common) : requestHttps(secure);
    request.once('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body, atMs: Date.now() }));
    });
    request.end();
  });
}

function askHttp2({ address, port, host, path, ca }: Ask): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${address}:${port}`, { ca, servername: host, rejectUnauthorized: ca !== undefined });
    session.setTimeout(10_000, () => session.destroy(new Error('no answer within 10 s')));
    session.once('error', reject);
    const stream = session.request({ ':authority': host, ':path': path });
    let headers: Http2Headers = {};
    let body = '';
    stream.once('response', (fields) => {
      headers = fields;
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    stream.once('error', reject);
    stream.once('end', () => {
      session.close();
      resolve({ status: Number(headers[':status'] ?? 0), headers: headers as IncomingHttpHeaders, body, atMs: Date.now() });
    });
    stream.end();
  });
}
