import type { ConnectionRule } from './connection-rule.ts';
import { defaultMaxFrameBytes, defaultWindowBytes, maxWindowBytes, readUint32 } from './frames.ts';

/** Ids of settings (RFC 9113 section 6.5.2, RFC 8441 section 3, RFC 9218 section 2.1). */
export const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  enableConnectProtocol: 0x8,
  noRfc7540Priorities: 0x9,
} as const;

/** What the other side has said of itself, as far as it matters to a server that never pushes and to a client that takes no pushes. */
export class PeerSettings {
  readonly #ofServer: boolean;
  headerTableBytes = 4096;
  initialWindowBytes = defaultWindowBytes;
  /** Streams that we may have open; no limit until it is said (RFC 9113 section 6.5.2). */
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  /** Extended CONNECT is understood. */
  allowsConnect = false;

  /** @param ofServer the other side is a server, which may not speak of pushes as if it took them */
  constructor(ofServer: boolean) {
    this.#ofServer = ofServer;
  }

  /** Takes the payload of a SETTINGS frame, whose length is a multiple of six. Unknown settings are ignored. */
  apply(bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    for (let at = start; at < end; at += 6) {
      const rule = this.#set(((bytes[at] as number) << 8) | (bytes[at + 1] as number), readUint32(bytes, at + 2));
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #set(id: number, value: number): ConnectionRule | undefined {
    switch (id) {
      case Setting.headerTableSize:
        this.headerTableBytes = value;
        return undefined;
      case Setting.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return undefined;
      case Setting.enableConnectProtocol:
        this.allowsConnect ||= value === 1;
        return value > 1 ? 'bad-setting' : undefined;
      case Setting.enablePush:
        return value > (this.#ofServer ? 0 : 1) ? 'bad-setting' : undefined;
      case Setting.noRfc7540Priorities:
        return value > 1 ? 'bad-setting' : undefined;
      case Setting.initialWindowSize:
        if (value > maxWindowBytes) return 'bad-window-setting';
        this.initialWindowBytes = value;
        return undefined;
      case Setting.maxFrameSize:
        return value < defaultMaxFrameBytes || value > 0x00ff_ffff ? 'bad-setting' : undefined;
      default:
        return undefined;
    }
  }
}
