import type { TerminationReason } from '../../observability/counters/termination-reason.ts';
import { ErrorCode } from './frames.ts';

interface RuleRow {
  readonly code: ErrorCode;
  /** Of RFC 9113, unless it says RFC 7541. */
  readonly section: string;
}

/**
 * Every rule whose breach ends the whole connection: the code of the GOAWAY, and where it is written. Names are stable: logs and tests
 * use them. What breaks one request alone is in `message-rule.ts`.
 */
export const connectionRules = {
  'bad-preface': { code: ErrorCode.protocolError, section: '3.4' },
  'settings-not-first': { code: ErrorCode.protocolError, section: '3.4' },
  'frame-too-large': { code: ErrorCode.frameSizeError, section: '4.2' },
  'frame-length': { code: ErrorCode.frameSizeError, section: '6' },
  'padding-too-long': { code: ErrorCode.protocolError, section: '6.1' },
  'frame-on-stream-0': { code: ErrorCode.protocolError, section: '6' },
  'frame-not-on-stream-0': { code: ErrorCode.protocolError, section: '6.5, 6.7, 6.8' },
  'frame-on-idle-stream': { code: ErrorCode.protocolError, section: '5.1' },
  'frame-inside-header-block': { code: ErrorCode.protocolError, section: '6.10' },
  'continuation-without-headers': { code: ErrorCode.protocolError, section: '6.10' },
  'stream-id-even': { code: ErrorCode.protocolError, section: '5.1.1' },
  'stream-id-not-increasing': { code: ErrorCode.protocolError, section: '5.1.1' },
  'stream-is-closed': { code: ErrorCode.streamClosed, section: '5.1' },
  'push-from-client': { code: ErrorCode.protocolError, section: '8.4' },
  'push-refused': { code: ErrorCode.protocolError, section: '8.4' },
  'stream-depends-on-itself': { code: ErrorCode.protocolError, section: '5.3.1 of RFC 7540' },
  'priority-of-no-request': { code: ErrorCode.protocolError, section: '7.1 of RFC 9218' },
  'bad-setting': { code: ErrorCode.protocolError, section: '6.5.2' },
  'bad-window-setting': { code: ErrorCode.flowControlError, section: '6.5.2' },
  'window-increment-0': { code: ErrorCode.protocolError, section: '6.9' },
  'window-overflow': { code: ErrorCode.flowControlError, section: '6.9.1' },
  'window-exceeded': { code: ErrorCode.flowControlError, section: '6.9' },
  'bad-compression': { code: ErrorCode.compressionError, section: '4.3, RFC 7541' },
  'settings-not-acknowledged': { code: ErrorCode.settingsTimeout, section: '6.5.3' },
  // Limits of ours
  'header-block-too-large': { code: ErrorCode.enhanceYourCalm, section: '10.5.1' },
  'too-many-continuations': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-resets': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-settings': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-pings': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-priorities': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-window-updates': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
  'too-many-idle-frames': { code: ErrorCode.enhanceYourCalm, section: '10.5' },
} as const satisfies Readonly<Record<string, RuleRow>>;
export type ConnectionRule = keyof typeof connectionRules;

/** How SmartProxy's record of the connection names the end. */
export function reasonOfRule(rule: ConnectionRule): TerminationReason {
  return connectionRules[rule].code === ErrorCode.enhanceYourCalm ? 'limit_exceeded' : 'protocol_error';
}
