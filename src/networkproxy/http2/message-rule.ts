import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { ParseFailure } from '../http1/message-handler.ts';
import { type ParseRule, requestFailure } from '../http1/parse-rule.ts';

/** Rules of HTTP/2 that one request can break (RFC 9113 section 8): the stream ends, the connection goes on. */
const malformed = [
  'upper-case-name', // 8.2.1
  'value-edge-space', // 8.2.1
  'connection-field', // 8.2.2
  'bad-te', // 8.2.2
  'pseudo-after-field', // 8.3
  'unknown-pseudo', // 8.3
  'duplicate-pseudo', // 8.3.1
  'missing-pseudo', // 8.3.1
  'bad-scheme', // 8.3.1
  'scheme-mismatch', // 8.3.1: not the scheme of the connection
  'authority-host-mismatch', // 8.3.1
  'bad-connect', // 8.5, RFC 8441 section 4
  'pseudo-in-trailers', // 8.1
  'trailers-without-end', // 8.1
  'content-length-mismatch', // 8.1.1
  'bad-status', // 8.3.2
  'informational-with-end', // 8.1
  'data-before-head', // 8.1
] as const;

/** Rules of both versions' messages: what fields and targets may hold is the same. */
export type MessageRule = ParseRule | (typeof malformed)[number];

/** Rules of HTTP/1.1's that make a message malformed in HTTP/2 as well (8.2.1, 8.3.1). The others are refused with an answer alone. */
const alsoMalformed: ReadonlySet<string> = new Set<ParseRule>([
  'bad-name',
  'empty-name',
  'control-byte',
  'bare-cr',
  'bare-lf',
  'bad-method',
  'bad-content-length',
  'duplicate-content-length',
  'duplicate-host',
  'target-not-absolute',
  'asterisk-without-options',
]);
const isMalformed: ReadonlySet<string> = new Set<string>(malformed);

/** How an answer that broke `rule` is told to the client. */
export function answerFailure(rule: MessageRule): ResponseFlag {
  return tooLarge.has(rule) ? 'upstream_response_too_large' : 'upstream_protocol_error';
}

const tooLarge: ReadonlySet<MessageRule> = new Set<MessageRule>(['head-too-large', 'trailers-too-large', 'too-many-headers']);

/** How a request that broke `rule` is answered, and whether its stream ends with an error after that. */
export function messageFailure(rule: MessageRule): ParseFailure & { readonly malformed: boolean } {
  if (isMalformed.has(rule)) return { status: 400, flag: 'bad_request', rule, malformed: true };
  return { ...requestFailure(rule as ParseRule), malformed: alsoMalformed.has(rule) };
}
