import {
  defaultParserLimits,
  type ParserLimits,
  type RequestHead,
  type ResponseHead,
} from '../../../src/networkproxy/http1/message-handler.ts';
import { RequestParser } from '../../../src/networkproxy/http1/request-parser.ts';
import { ResponseParser } from '../../../src/networkproxy/http1/response-parser.ts';
import { RecordingHandler } from './recording-handler.ts';

/** What came of some input. `rest`: the bytes that the parser left to its caller. */
export interface Outcome<Head extends RequestHead | ResponseHead> {
  readonly messages: RecordingHandler<Head>['messages'];
  readonly informational: readonly Head[];
  readonly complete: number;
  readonly rule: string | undefined;
  readonly status: number | undefined;
  readonly flag: string | undefined;
  readonly midMessage: boolean;
  readonly rest: string;
}

/** The text cut into pieces of so many bytes. */
export function pieces(text: string, bytes: number): Buffer[] {
  const all = Buffer.from(text, 'latin1');
  const result: Buffer[] = [];
  for (let at = 0; at < all.length; at += bytes) result.push(all.subarray(at, at + bytes));
  return result;
}

export interface RequestInput {
  readonly scheme?: 'http' | 'https';
  readonly limits?: Partial<ParserLimits>;
  /** FIN after the last piece. */
  readonly finish?: boolean;
}

/** Feeds a request parser as a connection does: what it leaves is given to it again. Each piece is overwritten after its call. */
export function parseRequests(chunks: readonly Buffer[], input: RequestInput = {}): Outcome<RequestHead> {
  const handler = new RecordingHandler<RequestHead>();
  const parser = new RequestParser({ ...defaultParserLimits, ...input.limits }, input.scheme ?? 'http', handler);
  let rest = '';
  for (const chunk of chunks) {
    let left = Buffer.from(chunk);
    while (left.length > 0 && parser.failure === undefined) {
      if (handler.messages.at(-1)?.head.upgrade !== undefined) {
        rest += left.toString('latin1');
        break;
      }
      const used = parser.execute(left);
      if (used <= 0 || used > left.length) throw new Error(`Cannot go on: the parser used ${used} of ${left.length} bytes`);
      left.fill(0x21, 0, used);
      left = left.subarray(used);
    }
  }
  if (input.finish) parser.finish();
  return outcome(handler, parser.failure, parser.midMessage, rest);
}

export interface ResponseInput {
  readonly method?: string;
  readonly upgradeAsked?: boolean;
  readonly limits?: Partial<ParserLimits>;
  readonly finish?: boolean;
}

/** Feeds a response parser with the answer to one request. */
export function parseResponse(chunks: readonly Buffer[], input: ResponseInput = {}): Outcome<ResponseHead> {
  const handler = new RecordingHandler<ResponseHead>();
  const parser = new ResponseParser({ ...defaultParserLimits, ...input.limits }, handler);
  parser.startResponse(input.method ?? 'GET', input.upgradeAsked ?? false);
  let rest = '';
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk);
    const used = parser.execute(copy);
    rest += copy.subarray(used).toString('latin1');
    copy.fill(0x21);
  }
  if (input.finish) parser.finish();
  return outcome(handler, parser.failure, parser.isActive, rest);
}

function outcome<Head extends RequestHead | ResponseHead>(
  handler: RecordingHandler<Head>,
  failure: { readonly rule: string; readonly status: number; readonly flag: string } | undefined,
  midMessage: boolean,
  rest: string,
): Outcome<Head> {
  return {
    messages: handler.messages,
    informational: handler.informational,
    complete: handler.complete,
    rule: failure?.rule,
    status: failure?.status,
    flag: failure?.flag,
    midMessage,
    rest,
  };
}
