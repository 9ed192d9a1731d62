import type { ServerHttp2Stream } from 'node:http2';
import { Backend } from './backend.ts';
import { Http2Backend, type ReceivedRequest } from './http2-backend.ts';

/** What a backend of a conformance row does, in the terms of HTTP/1.1. */
export interface BackendScript {
  /** What it sends once it has the whole request. */
  readonly answer: string;
  /** What it does after that. */
  readonly after: 'end' | 'reset' | undefined;
}

/** A backend of one version that plays a script. */
export interface ConformanceBackend extends AsyncDisposable {
  readonly protocol: 'http' | 'h2c';
  readonly port: number;
  /** The requests as it understood them, as HTTP/1.1 text. */
  readonly received: readonly string[];
}

export async function http1Backend({ answer, after }: BackendScript): Promise<ConformanceBackend> {
  const backend = await Backend.start((socket, _text, _index, all) => {
    if (!isWhole(all)) return;
    socket.write(answer, 'latin1', () => {
      if (after === 'end') socket.end();
      else if (after === 'reset') setImmediate(() => socket.resetAndDestroy());
    });
  });
  return Object.assign(backend, { protocol: 'http' as const });
}

/** Plays the same script in frames. */
export async function http2Backend({ answer, after }: BackendScript): Promise<ConformanceBackend> {
  const received: string[] = [];
  const backend = await Http2Backend.start((stream, request) => {
    received.push(asHttp1(request));
    play(stream, answer, after);
  });
  return Object.assign(backend, { protocol: 'h2c' as const, received });
}

function isWhole(received: string): boolean {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(received.slice(0, head + 2))?.[1];
  if (length !== undefined) return received.length - head - 4 >= Number(length);
  return !/\r\ntransfer-encoding: chunked\r\n/.test(received.slice(0, head + 2)) || /\r\n0\r\n(?:[^\r]+\r\n)*\r\n$/.test(received);
}

/** A request of frames in the text that the same request over HTTP/1.1 has. */
function asHttp1({ method, path, authority, headers, body, trailers }: ReceivedRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${authority}`, ...linesOf(headers).filter((line) => !/^(?::|te: )/.test(line))];
  const hasLength = lines.some((line) => line.startsWith('content-length:'));
  if (hasLength || (body === '' && trailers.length === 0)) return `${[...lines, '', ''].join('\r\n')}${body}`;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${[...lines, 'transfer-encoding: chunked', '', ''].join('\r\n')}${chunk}${['0', ...linesOf(trailers), '', ''].join('\r\n')}`;
}

function linesOf(flat: readonly string[]): readonly string[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${flat[i + 1]}`] : []));
}

function play(stream: ServerHttp2Stream, answer: string, after: BackendScript['after']): void {
  const { heads, body, trailers, isWhole } = readAnswer(answer);
  for (const [i, { status, fields }] of heads.entries()) {
    if (i < heads.length - 1) stream.additionalHeaders({ ':status': status, ...fields });
    else stream.respond({ ':status': status, ...fields }, { waitForTrailers: trailers !== undefined, endStream: isWhole && body === '' });
  }
  if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  const cut = (): void => {
    if (heads.length === 0) stream.session?.destroy();
    else if (after === 'end') stream.end();
    else if (after === 'reset') stream.close(2);
  };
  if (after === undefined && isWhole) {
    if (!stream.writableEnded) stream.end(body, 'latin1');
  } else if (body === '' && after !== undefined) {
    cut();
  } else if (body !== '') {
    stream.write(body, 'latin1', cut);
  }
}

interface ScriptedAnswer {
  readonly heads: readonly { readonly status: number; readonly fields: Record<string, string | string[]> }[];
  readonly body: string;
  readonly trailers: Record<string, string> | undefined;
  readonly isWhole: boolean;
}

function readAnswer(answer: string): ScriptedAnswer {
  const heads: { status: number; fields: Record<string, string | string[]> }[] = [];
  let rest = answer;
  for (let status = 100; status < 200 && rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n');
    status = Number(line.split(' ')[1]);
    heads.push({ status, fields: fieldsOf(lines) });
    rest = rest.slice(end + 4);
  }
  const fields = heads.at(-1)?.fields ?? {};
  if (fields['transfer-encoding'] === undefined) {
    const length = Number(fields['content-length'] ?? 0);
    return { heads, body: rest, trailers: undefined, isWhole: heads.length > 0 && rest.length === length };
  }
  delete fields['transfer-encoding'];
  let body = '';
  let size = -1;
  while (size !== 0 && rest !== '') {
    const lineEnd = rest.indexOf('\r\n');
    size = Number.parseInt(rest.slice(0, lineEnd), 16);
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    rest = rest.slice(lineEnd + (size === 0 ? 2 : 4 + size));
  }
  const trailers = fieldsOf(rest.split('\r\n').filter((line) => line !== '')) as Record<string, string>;
  return { heads, body, trailers: Object.keys(trailers).length === 0 ? undefined : trailers, isWhole: size === 0 };
}

function fieldsOf(lines: readonly string[]): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = fields[name];
    fields[name] = known === undefined ? value : [...(typeof known === 'string' ? [known] : known), value];
  }
  return fields;
}
