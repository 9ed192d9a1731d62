import type { ConnectionRule } from '../../../src/networkproxy/http2/connection-rule.ts';
import {
  endHeaders,
  endStream,
  frame,
  frameTypes,
  headerBlock,
  preface,
  requestFields,
  settingIds,
  settingsPayload,
  uint32,
} from '../../tools/raw-http2.ts';

/** What a client sends after its preface and first SETTINGS (or from the very first byte on), and the rule by which that ends the connection. */
export interface HostileConnection {
  readonly rule: ConnectionRule;
  readonly name: string;
  readonly bytes: Buffer;
  /** A proxy whose backends take everything can not be made to see it. */
  readonly onlyOnPaper?: true;
}

const { data, headers, priority, rstStream, settings, pushPromise, ping, goaway, windowUpdate, continuation } = frameTypes;
const unknown = 0x2a;
/** RFC 9218 section 7.1. */
const priorityUpdate = 0x10;
const block = headerBlock(requestFields());
const post = headerBlock(requestFields('/', [], 'POST'));
const get = (stream: number): Buffer => frame(headers, endStream | endHeaders, stream, block);
const open = (stream: number): Buffer => frame(headers, endHeaders, stream, post);
const bytes = (count: number): Buffer => Buffer.alloc(count);
const setting = (id: number, value: number): Buffer => frame(settings, 0, 0, settingsPayload([[id, value]]));
const greeting = Buffer.concat([preface, frame(settings, 0, 0)]);

/** Only the header: its payload never comes. */
function headerOf(length: number, type: number): Buffer {
  const head = Buffer.from(frame(type, 0, 1));
  head.writeUIntBE(length, 0, 3);
  return head;
}

function times(count: number, piece: (i: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => piece(i)));
}

function cases(rule: ConnectionRule, connections: Readonly<Record<string, Buffer | readonly Buffer[]>>): HostileConnection[] {
  return Object.entries(connections).map(([name, parts]) => ({
    rule,
    name,
    bytes: Buffer.concat([greeting, ...(Buffer.isBuffer(parts) ? [parts] : parts)]),
  }));
}

function fromStart(rule: ConnectionRule, connections: Readonly<Record<string, readonly Buffer[]>>): HostileConnection[] {
  return Object.entries(connections).map(([name, parts]) => ({ rule, name, bytes: Buffer.concat(parts) }));
}

export const hostileConnections: readonly HostileConnection[] = [
  ...fromStart('bad-preface', { 'another protocol in it': [Buffer.from('PRI * SMTP/2.0\r\n\r\nSM\r\n\r\n'), frame(settings, 0, 0)] }),
  ...fromStart('settings-not-first', {
    'a PING': [preface, frame(ping, 0, 0, bytes(8))],
    'a request': [preface, get(1)],
    'an acknowledgement': [preface, frame(settings, 1, 0)],
  }),
  ...cases('frame-too-large', {
    DATA: [open(1), headerOf(16_385, data)],
    HEADERS: headerOf(16_385, headers),
    'SETTINGS of 16 MiB': headerOf(0xff_ffff, settings),
    'an unknown type': headerOf(16_385, unknown),
  }),
  ...cases('frame-length', {
    'PING of 7 bytes': frame(ping, 0, 0, bytes(7)),
    'PING of 9 bytes': frame(ping, 0, 0, bytes(9)),
    'RST_STREAM of 3 bytes': [get(1), frame(rstStream, 0, 1, bytes(3))],
    'WINDOW_UPDATE of 5 bytes': frame(windowUpdate, 0, 0, bytes(5)),
    'PRIORITY of 4 bytes': frame(priority, 0, 1, bytes(4)),
    'SETTINGS of 5 bytes': frame(settings, 0, 0, bytes(5)),
    'an acknowledgement with settings': frame(settings, 1, 0, settingsPayload([[1, 0]])),
    'PRIORITY_UPDATE of 3 bytes': frame(priorityUpdate, 0, 0, bytes(3)),
    'GOAWAY of 7 bytes': frame(goaway, 0, 0, bytes(7)),
    'padded DATA without its length': [open(1), frame(data, 0x8, 1)],
    'padded HEADERS without its length': frame(headers, 0x8 | endHeaders, 1),
    'HEADERS with half of a priority': frame(headers, 0x20 | endHeaders, 1, bytes(4)),
  }),
  ...cases('padding-too-long', {
    'DATA of padding and one byte more': [open(1), frame(data, 0x8, 1, Buffer.from([3, 0, 0]))],
    'HEADERS of padding and one byte more': frame(headers, 0x8 | endHeaders, 1, Buffer.concat([Buffer.from([block.length + 1]), block])),
  }),
  ...cases('frame-on-stream-0', {
    DATA: frame(data, endStream, 0, bytes(1)),
    HEADERS: frame(headers, endStream | endHeaders, 0, block),
    PRIORITY: frame(priority, 0, 0, bytes(5)),
    RST_STREAM: frame(rstStream, 0, 0, uint32(8)),
  }),
  ...cases('frame-not-on-stream-0', {
    SETTINGS: frame(settings, 0, 1),
    PING: frame(ping, 0, 1, bytes(8)),
    GOAWAY: frame(goaway, 0, 1, bytes(8)),
    PRIORITY_UPDATE: frame(priorityUpdate, 0, 1, uint32(1)),
  }),
  ...cases('frame-on-idle-stream', {
    DATA: frame(data, endStream, 1, bytes(1)),
    RST_STREAM: frame(rstStream, 0, 1, uint32(8)),
    WINDOW_UPDATE: frame(windowUpdate, 0, 1, uint32(1)),
    'RST_STREAM above the last request': [get(1), frame(rstStream, 0, 3, uint32(8))],
  }),
  ...cases('frame-inside-header-block', {
    PING: [frame(headers, endStream, 1, block), frame(ping, 0, 0, bytes(8))],
    DATA: [frame(headers, 0, 1, block), frame(data, endStream, 1, bytes(1))],
    'a request': [frame(headers, endStream, 1, block), get(3)],
    'CONTINUATION of another stream': [frame(headers, endStream, 1, block), frame(continuation, endHeaders, 3)],
    'an unknown type': [frame(headers, endStream, 1, block), frame(unknown, 0, 1)],
    'RST_STREAM of the same stream': [frame(headers, endStream, 1, block), frame(rstStream, 0, 1, uint32(8))],
  }),
  ...cases('continuation-without-headers', {
    'at first': frame(continuation, endHeaders, 1, block),
    'after a whole block': [open(1), frame(continuation, endHeaders, 1)],
    'on stream 0': frame(continuation, endHeaders, 0),
  }),
  ...cases('stream-id-even', { 'a request on stream 2': get(2) }),
  ...cases('stream-id-not-increasing', { 'a request below the last': [open(5), get(3)] }),
  ...cases('stream-is-closed', {
    'DATA after RST_STREAM': [open(1), frame(rstStream, 0, 1, uint32(8)), frame(data, endStream, 1, bytes(1))],
    'HEADERS after RST_STREAM': [open(1), frame(rstStream, 0, 1, uint32(8)), get(1)],
  }),
  ...cases('push-from-client', { PUSH_PROMISE: frame(pushPromise, endHeaders, 1, Buffer.concat([uint32(2), block])) }),
  ...cases('stream-depends-on-itself', { PRIORITY: frame(priority, 0, 3, Buffer.from([0, 0, 0, 3, 1])) }),
  ...cases('priority-of-no-request', {
    'PRIORITY_UPDATE of a pushed stream': frame(priorityUpdate, 0, 0, uint32(2)),
    'PRIORITY_UPDATE of stream 0': frame(priorityUpdate, 0, 0, uint32(0)),
  }),
  ...cases('bad-setting', {
    'ENABLE_PUSH of 2': setting(settingIds.enablePush, 2),
    'MAX_FRAME_SIZE below the least': setting(settingIds.maxFrameSize, 16_383),
    'MAX_FRAME_SIZE above the most': setting(settingIds.maxFrameSize, 0x100_0000),
    'ENABLE_CONNECT_PROTOCOL of 2': setting(8, 2),
    'NO_RFC7540_PRIORITIES of 2': setting(9, 2),
    'in the second of two': frame(
      settings,
      0,
      0,
      settingsPayload([
        [1, 0],
        [2, 7],
      ]),
    ),
  }),
  ...cases('bad-window-setting', {
    'of 2^31': setting(settingIds.initialWindowSize, 0x8000_0000),
    'of 2^32-1': setting(settingIds.initialWindowSize, 0xffff_ffff),
  }),
  ...cases('window-increment-0', {
    'of the connection': frame(windowUpdate, 0, 0, uint32(0)),
    'with the reserved bit': frame(windowUpdate, 0, 0, uint32(0x8000_0000)),
  }),
  ...cases('window-overflow', {
    'of the connection': frame(windowUpdate, 0, 0, uint32(0x7fff_ffff)),
    'of a stream, by SETTINGS': [open(1), frame(windowUpdate, 0, 1, uint32(0x7fff_0000)), setting(settingIds.initialWindowSize, 0x2_0000)],
  }),
  ...cases('window-exceeded', {
    'by a hundred full frames on sixteen streams': times(100, (i) =>
      Buffer.concat([i < 16 ? open(1 + 2 * i) : bytes(0), frame(data, 0, 1 + 2 * (i % 16), bytes(16_384))]),
    ),
  }).map((hostile): HostileConnection => ({ ...hostile, onlyOnPaper: true })),
  ...cases('bad-compression', {
    'index 0': frame(headers, endStream | endHeaders, 1, Buffer.from([0x80])),
    'an index beyond the tables': frame(headers, endStream | endHeaders, 1, Buffer.from([0xff, 0x20])),
    'an integer without end': frame(headers, endStream | endHeaders, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    'a string that is cut': frame(headers, endStream | endHeaders, 1, Buffer.from([0x00, 0x05, 0x61])),
    'a table larger than offered': frame(headers, endStream | endHeaders, 1, Buffer.from([0x3f, 0xe2, 0x1f])),
    'a size update within the block': frame(headers, endStream | endHeaders, 1, Buffer.from([0x82, 0x20])),
    'Huffman padding of zeros': frame(headers, endStream | endHeaders, 1, Buffer.from([0x00, 0x81, 0x18, 0x01, 0x61])),
    'in the block of a stream that is over': [
      open(1),
      frame(rstStream, 0, 1, uint32(8)),
      frame(headers, endStream | endHeaders, 1, Buffer.from([0x80])),
    ],
  }),
  ...cases('header-block-too-large', {
    'three full frames': [frame(headers, endStream, 1, bytes(16_384)), times(2, () => frame(continuation, 0, 1, bytes(16_384)))],
  }),
  ...cases('too-many-continuations', {
    'empty ones': [frame(headers, endStream, 1, block), times(40, () => frame(continuation, 0, 1))],
    'of a byte each': [frame(headers, endStream, 1), times(40, (i) => frame(continuation, 0, 1, block.subarray(i, i + 1)))],
  }),
  ...cases('too-many-resets', {
    'requests that are reset': times(400, (i) => Buffer.concat([get(1 + 2 * i), frame(rstStream, 0, 1 + 2 * i, uint32(8))])),
    'streams that break a rule': times(400, (i) => Buffer.concat([open(1 + 2 * i), frame(windowUpdate, 0, 1 + 2 * i, uint32(0))])),
  }),
  ...cases('too-many-settings', {
    empty: times(300, () => frame(settings, 0, 0)),
    acknowledgements: times(300, () => frame(settings, 1, 0)),
  }),
  ...cases('too-many-pings', { 'to answer': times(1500, () => frame(ping, 0, 0, bytes(8))) }),
  ...cases('too-many-priorities', { 'of streams never opened': times(1500, () => frame(priority, 0, 9, bytes(5))) }),
  ...cases('too-many-window-updates', { 'of a byte': times(12_000, () => frame(windowUpdate, 0, 0, uint32(1))) }),
  ...cases('too-many-idle-frames', {
    'of unknown types': times(3000, () => frame(unknown, 0, 0)),
    'DATA of nothing': [open(1), times(3000, () => frame(data, 0, 1))],
  }),
];

/** Rules that no bytes of a client break: a server does, or time that passes (test/fault/networkproxy/slow-http2.test.ts). */
export const rulesOfOthers: readonly ConnectionRule[] = ['push-refused', 'settings-not-acknowledged'];
