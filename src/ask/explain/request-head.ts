import { defaultParserLimits, type ParseFailure, type RequestHead } from '../../networkproxy/http1/message-handler.ts';
import { RequestParser } from '../../networkproxy/http1/request-parser.ts';
import type { Question, ReadQuestion } from './question.ts';

/**
 * The head of the request as the proxy reads it, or why it refuses to: the question is written out and given to the parser that reads
 * requests of clients.
 */
export function requestHead(question: Question, read: ReadQuestion, limits: HeadLimits): RequestHead | ParseFailure {
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

/** Those of the configuration. */
export interface HeadLimits {
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
}
