import { defaultParserLimits, type ParseFailure, type RequestHead } from '../../networkproxy/http1/message-handler.ts';
import { RequestParser } from '../../networkproxy/http1/request-parser.ts';
import { HeaderField } from '../../networkproxy/http2/hpack/header-field.ts';
import { messageFailure } from '../../networkproxy/http2/message-rule.ts';
import { RequestFields } from '../../networkproxy/http2/server/request-fields.ts';
import type { Question, ReadQuestion } from './question.ts';

/** The head of the request as the proxy reads it, or why it refuses to. */
export function requestHead(question: Question, read: ReadQuestion, limits: HeadLimits): RequestHead | ParseFailure {
  return question.httpVersion === '2' ? http2Head(question, read, limits) : http1Head(question, read, limits);
}

/** The fields as a client sends them, given to what makes heads of them. */
function http2Head(
  { method, headers }: Question,
  { authority, target, speaks }: ReadQuestion,
  limits: HeadLimits,
): RequestHead | ParseFailure {
  const { maxLineBytes } = defaultParserLimits;
  const { maxHeadBytes: maxBytes, maxHeaders: maxFields } = limits;
  const fields = new RequestFields({ maxBytes, maxTrailerBytes: maxBytes, maxFields, maxPathBytes: maxLineBytes });
  const scheme = speaks === 'https' ? 'https' : 'http';
  const given = headers
    .map((header) => /^([^:]+):[ \t]*(.*?)[ \t]*$/s.exec(header))
    .map((parts) => [parts?.[1]?.toLowerCase() ?? '', parts?.[2] ?? '']);
  const host = given.find(([name]) => name === 'host')?.[1];
  const pseudo = { ':method': method, ':scheme': scheme, ':authority': host ?? authority, ':path': target };
  fields.begin(false);
  for (const [name, value] of [...Object.entries(pseudo), ...given.filter(([name]) => name !== 'host')])
    fields.onField(new HeaderField(name ?? '', Buffer.from(value ?? '', 'utf8').toString('latin1')));
  const head = fields.head({ scheme, trusted: false }, true);
  return typeof head === 'string' ? messageFailure(head) : head;
}

/** The question written out and given to the parser that reads requests of clients. */
function http1Head(question: Question, read: ReadQuestion, limits: HeadLimits): RequestHead | ParseFailure {
  const fields = question.headers.map((header) => header.replace(/^([^:]+):\s*/, '$1: '));
  const host = fields.some((field) => /^host:/i.test(field)) ? [] : [`Host: ${read.authority}`];
  const text = [`${question.method} ${read.target} HTTP/1.1`, ...host, ...fields, '', ''].join('\r\n');
  let head: RequestHead | undefined;
  const handler = {
    onHead(found: RequestHead) {
      head = found;
    },
    onBody() {},
    onEnd() {},
  };
  const parser = new RequestParser({ ...defaultParserLimits, ...limits }, read.speaks === 'https' ? 'https' : 'http', handler);
  parser.execute(Buffer.from(text, 'utf8'));
  parser.finish();
  if (head !== undefined && parser.failure?.rule !== 'eof-in-head') return head;
  return parser.failure ?? { status: 400, flag: 'bad_request', rule: 'bad-request-line' };
}

/** How long a head may be, by the configuration. */
export interface HeadLimits {
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
}
