import { request as http1Request, type IncomingHttpHeaders } from 'node:http';
import { answerOf, Http2Client } from './http2-client.ts';

/** A request in the terms that both versions share. */
export interface ConformanceRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** What a client of either version can see. */
export interface ConformanceAnswer {
  /** 0: there was no answer. */
  readonly status: number;
  readonly body: string;
  /** Without what belongs to one version's connection, and without the date. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly informational: readonly number[];
  /** The client could see that the answer broke off. */
  readonly cut: boolean;
}

/** A client of one version on a connection of its own. */
export interface ConformanceClient {
  readonly version: 'HTTP/1.1' | 'HTTP/2';
  ask(port: number, request: ConformanceRequest): Promise<ConformanceAnswer>;
}

const ofOneVersion = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

function shared(headers: IncomingHttpHeaders): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofOneVersion.has(name) && !name.startsWith(':')));
}

export const http1Client: ConformanceClient = {
  version: 'HTTP/1.1',
  ask: (port, { method = 'GET', path = '/', host = 'a.example', headers = {}, body, trailers }) =>
    new Promise((resolve) => {
      const informational: number[] = [];
      const hasBody = body !== undefined || trailers !== undefined;
      const framing = hasBody && headers['content-length'] === undefined ? { 'transfer-encoding': 'chunked' } : {};
      const request = http1Request({ port, host: '127.0.0.1', method, path, headers: { host, ...headers, ...framing }, agent: false });
      const nothing: ConformanceAnswer = { status: 0, body: '', headers: {}, trailers: {}, informational, cut: true };
      request.on('information', ({ statusCode }) => informational.push(statusCode));
      request.on('error', () => resolve(nothing));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => {});
        response.on('close', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('latin1'),
            headers: shared(response.headers),
            trailers: response.trailers,
            informational,
            cut: !response.complete,
          });
          request.destroy();
        });
      });
      if (trailers !== undefined) request.addTrailers(trailers);
      request.end(hasBody ? (body ?? '') : undefined, 'latin1');
    }),
};

export const http2Client: ConformanceClient = {
  version: 'HTTP/2',
  ask: async (port, { method, path = '/', host, headers, body, trailers }) => {
    await using client = await Http2Client.connect(port);
    const options = { method, authority: host, headers, trailers };
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const stream = client.open(path, given, body === undefined && trailers === undefined);
    if (body !== undefined || trailers !== undefined) stream.end(Buffer.from(body ?? '', 'latin1'));
    let seen: Pick<ConformanceAnswer, 'status' | 'headers'> = { status: 0, headers: {} };
    let text = '';
    stream.on('response', (fields) => {
      seen = { status: Number(fields[':status']), headers: shared(fields as IncomingHttpHeaders) };
    });
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    try {
      const { status, trailers: received, informational } = await answerOf(stream);
      return { status, body: text, headers: seen.headers, trailers: received, informational, cut: false };
    } catch {
      return { ...seen, body: text, trailers: {}, informational: [], cut: true };
    }
  },
};
