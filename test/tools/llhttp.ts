import { createRequire } from 'node:module';

/** A message as llhttp reads it, Node's own HTTP/1 parser in its strict mode. Strings are latin1. */
export interface LlhttpMessage {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly version: number;
  /** Flat, names in lower case. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly isComplete: boolean;
}

/** What llhttp made of some bytes; `error` is its code when it refused them. */
export interface LlhttpReading {
  readonly messages: readonly LlhttpMessage[];
  readonly error: string | undefined;
}

interface Parser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): number | Error;
  remove?(): void;
  free?(): void;
  [callback: number]: unknown;
}

interface ParserModule {
  readonly HTTPParser: {
    new (): Parser;
    readonly REQUEST: number;
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
    readonly kLenientNone: number;
  };
  readonly methods: readonly string[];
}

// No public module has the parser by itself; a server around it would cost a hundred times as much an input.
const { HTTPParser, methods } = createRequire(import.meta.url)('node:_http_common') as ParserModule;

const maxHeaderBytes = 1_000_000;

/** llhttp reads the methods that it knows and no others. */
export function knowsMethod(method: string): boolean {
  return methods.includes(method) && method !== 'CONNECT';
}

interface Draft {
  method: string;
  url: string;
  status: number;
  version: number;
  headers: readonly string[];
  body: string;
  trailers: readonly string[];
  isComplete: boolean;
}

/** @param kind `response-to-head`: an answer without a body, whatever its head says */
export function readWithLlhttp(bytes: Buffer, kind: 'request' | 'response' | 'response-to-head', finish = true): LlhttpReading {
  const parser = new HTTPParser();
  const messages: Draft[] = [];
  let flushed: string[] = [];
  let flushedUrl = '';
  const isRequest = kind === 'request';
  parser.initialize(isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, maxHeaderBytes, HTTPParser.kLenientNone);
  parser[HTTPParser.kOnHeaders] = (headers: readonly string[], url: string) => {
    flushed.push(...headers);
    flushedUrl += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    ...[major, minor, headers, method, url, status]: [number, number, string[] | undefined, number | undefined, string | undefined, number]
  ): number => {
    const all = headers ?? flushed;
    messages.push({
      method: method === undefined ? '' : (methods[method] ?? ''),
      url: url ?? flushedUrl,
      status,
      version: major * 10 + minor,
      headers: lowerNames(all),
      body: '',
      trailers: [],
      isComplete: false,
    });
    flushed = [];
    flushedUrl = '';
    return kind === 'response-to-head' ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (chunk: Buffer) => {
    const last = messages.at(-1);
    if (last !== undefined) last.body += chunk.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    const last = messages.at(-1);
    if (last === undefined) return;
    last.trailers = lowerNames(flushed);
    last.isComplete = true;
    flushed = [];
    flushedUrl = '';
  };
  const results = [parser.execute(bytes), ...(finish ? [parser.finish()] : [])];
  const failure = results.find((result) => result instanceof Error) as (Error & { code?: string }) | undefined;
  parser.remove?.();
  parser.free?.();
  return { messages, error: failure?.code ?? failure?.message };
}

function lowerNames(headers: readonly string[]): string[] {
  return headers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}
