import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { PathRule } from '../path-normalisation.ts';
import type { ParseFailure } from './message-handler.ts';

/** Every rule of the HTTP/1 syntax that a message can break here. Names are stable: tests, logs and the corpus use them. */
export type ParseRule =
  | PathRule
  // Start line
  | 'bad-request-line'
  | 'bad-method'
  | 'method-connect'
  | 'method-trace'
  | 'bad-version'
  | 'unsupported-version'
  | 'line-too-long'
  | 'bad-status-line'
  // Target and authority
  | 'bad-target'
  | 'asterisk-without-options'
  | 'absolute-form-scheme'
  | 'absolute-form-authority'
  | 'absolute-form-host-mismatch'
  | 'missing-host'
  | 'duplicate-host'
  | 'bad-host'
  // Fields
  | 'bare-lf'
  | 'bare-cr'
  | 'control-byte'
  | 'obs-fold'
  | 'space-before-colon'
  | 'empty-name'
  | 'bad-name'
  | 'missing-colon'
  | 'head-too-large'
  | 'too-many-headers'
  | 'bad-connection'
  | 'connection-nominates-protected'
  // Framing
  | 'bad-content-length'
  | 'duplicate-content-length'
  | 'content-length-too-large'
  | 'bad-transfer-encoding'
  | 'te-with-cl'
  | 'te-in-http-1.0'
  | 'body-on-bodyless-answer'
  | 'bad-chunk-size'
  | 'chunk-size-too-large'
  | 'bad-chunk-extension'
  | 'chunk-extensions-too-large'
  | 'bad-chunk-end'
  | 'trailers-too-large'
  // Semantics that must be settled before forwarding
  | 'unknown-expectation'
  | 'upgrade-with-body'
  | 'bad-upgrade'
  | 'unexpected-101'
  | 'too-many-informational'
  // End of input
  | 'eof-before-head'
  | 'eof-in-head'
  | 'eof-in-body';

/** Rules whose answer is not 400 `bad_request`. */
const requestExceptions: Partial<Record<ParseRule, readonly [ParseFailure['status'], ResponseFlag]>> = {
  'method-connect': [501, 'method_unsupported'],
  'method-trace': [501, 'method_unsupported'],
  'unsupported-version': [505, 'version_unsupported'],
  'line-too-long': [414, 'uri_too_long'],
  'head-too-large': [431, 'headers_too_large'],
  'too-many-headers': [431, 'headers_too_large'],
  'trailers-too-large': [431, 'headers_too_large'],
  'content-length-too-large': [413, 'body_too_large'],
  'chunk-size-too-large': [413, 'body_too_large'],
  'chunk-extensions-too-large': [413, 'body_too_large'],
  'unknown-expectation': [417, 'expectation_failed'],
  'upgrade-with-body': [400, 'upgrade_refused'],
  'bad-upgrade': [400, 'upgrade_refused'],
  'eof-in-head': [400, 'client_gone'],
  'eof-in-body': [400, 'client_gone'],
};

const responseExceptions: Partial<Record<ParseRule, ResponseFlag>> = {
  'line-too-long': 'upstream_response_too_large',
  'head-too-large': 'upstream_response_too_large',
  'too-many-headers': 'upstream_response_too_large',
  'trailers-too-large': 'upstream_response_too_large',
  'eof-before-head': 'upstream_reset',
  'eof-in-head': 'upstream_reset',
  'eof-in-body': 'upstream_truncated',
};

/** How a request that broke the rule is answered. */
export function requestFailure(rule: ParseRule): ParseFailure {
  const [status, flag] = requestExceptions[rule] ?? [400, 'bad_request'];
  return { status, flag, rule };
}

/** How a request is answered whose upstream broke the rule: always 502, when the head has not been sent yet. */
export function responseFailure(rule: ParseRule): ParseFailure {
  return { status: 502, flag: responseExceptions[rule] ?? 'upstream_protocol_error', rule };
}
