import { hostileHttp2Requests } from '../../corpus/http2/hostile-requests.ts';
import {
  endHeaders,
  endStream,
  frame,
  framesOf,
  frameTypes,
  headerBlock,
  hpackLiteral,
  preface,
  type RawField,
  type RawFrame,
  requestFields,
  settingsPayload,
  uint32,
} from '../../tools/raw-http2.ts';
import { mutateBytes } from './mutate.ts';
import type { Random } from './random.ts';

/** What a client sends on one connection: preface, settings, frames. */
export function connectionOf(...frames: readonly Buffer[]): Buffer {
  return Buffer.concat([preface, frame(frameTypes.settings, 0, 0), ...frames]);
}

const get = (stream: number, more: readonly RawField[] = []): Buffer =>
  frame(frameTypes.headers, endStream | endHeaders, stream, headerBlock(requestFields('/a', more)));
const post = (stream: number, more: readonly RawField[] = []): Buffer =>
  frame(frameTypes.headers, endHeaders, stream, headerBlock(requestFields('/a', more, 'POST')));
const data = (stream: number, text: string, flags = endStream): Buffer =>
  frame(frameTypes.data, flags, stream, Buffer.from(text, 'latin1'));

/** Connections to begin with: good ones of every kind of frame, and each hostile request of the corpus. */
export const connectionSeeds: readonly Buffer[] = [
  connectionOf(
    get(1),
    get(3, [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ]),
    get(5, [['te', 'trailers']]),
  ),
  connectionOf(post(1, [['content-length', '5']]), data(1, 'hello'), post(3), data(3, 'he', 0), data(3, 'llo')),
  connectionOf(post(1), data(1, '\x02abc\0\0', endStream | 0x8), post(3), data(3, 'abc', 0), trailers(3)),
  connectionOf(continued(1), frame(frameTypes.priority, 0, 1, Buffer.from('000000030f', 'hex')), get(3)),
  connectionOf(
    frame(frameTypes.headers, 0x2d, 1, Buffer.concat([Buffer.from('01000000000f', 'hex'), headerBlock(requestFields()), Buffer.alloc(1)])),
  ),
  connectionOf(get(1), frame(frameTypes.rstStream, 0, 1, uint32(8)), get(3), frame(frameTypes.windowUpdate, 0, 3, uint32(1000))),
  connectionOf(
    frame(
      frameTypes.settings,
      0,
      0,
      settingsPayload([
        [1, 0],
        [3, 5],
        [4, 100],
        [5, 20_000],
        [99, 1],
      ]),
    ),
    get(1),
    get(3),
  ),
  connectionOf(frame(frameTypes.ping, 0, 0, Buffer.alloc(8)), frame(frameTypes.settings, 1, 0), frame(0x21, 0, 7, Buffer.from('x'))),
  connectionOf(get(1), frame(frameTypes.goaway, 0, 0, Buffer.alloc(8)), frame(frameTypes.windowUpdate, 0, 0, uint32(70_000))),
  connectionOf(
    frame(frameTypes.headers, endStream | endHeaders, 1, indexedGet()),
    frame(frameTypes.headers, 5, 3, Buffer.from('c1c0bfbe', 'hex')),
  ),
  connectionOf(frame(frameTypes.headers, endHeaders, 1, headerBlock(webSocketFields())), data(1, 'frames', 0)),
  ...hostileHttp2Requests.map(({ fields, body = [], trailers: after }) =>
    connectionOf(
      frame(frameTypes.headers, endHeaders | (body.length === 0 && after === undefined ? endStream : 0), 1, headerBlock(fields)),
      ...body.map((text, i) => data(1, text, i === body.length - 1 && after === undefined ? endStream : 0)),
      ...(after === undefined ? [] : [frame(frameTypes.headers, endHeaders | endStream, 1, headerBlock(after))]),
    ),
  ),
];

function trailers(stream: number): Buffer {
  return frame(frameTypes.headers, endHeaders | endStream, stream, headerBlock([['x-sum', '3']]));
}

function continued(stream: number): Buffer {
  const block = headerBlock(requestFields('/long', [['x-a', 'b'.repeat(100)]]));
  return Buffer.concat([
    frame(frameTypes.headers, endStream, stream, block.subarray(0, 10)),
    frame(frameTypes.continuation, 0, stream, block.subarray(10, 60)),
    frame(frameTypes.continuation, endHeaders, stream, block.subarray(60)),
  ]);
}

function indexedGet(): Buffer {
  return Buffer.concat(requestFields().map((field) => hpackLiteral(field, 0x40)));
}

function webSocketFields(): readonly RawField[] {
  return [...requestFields('/chat', [], 'CONNECT'), [':protocol', 'websocket'], ['sec-websocket-version', '13']];
}

const fieldPool: readonly RawField[] = [
  ...requestFields('/p?q=%41', [], 'PUT'),
  ...([':protocol', 'connection', 'te', 'host', 'expect', 'upgrade', 'x_y', 'proxy', 'trailer'] as const).map(
    (name): RawField => [name, 'x'],
  ),
  ...[
    ['cookie', 'c=d'],
    ['content-length', '3'],
    ['content-length', '0'],
    ['expect', '100-continue'],
    ['te', 'trailers'],
  ].map(pair),
  ...[
    ['host', 'a.example'],
    ['x-forwarded-for', '1.2.3.4'],
    ['x-a', ''],
    ['x-long', 'l'.repeat(300)],
    ['X-Upper', 'u'],
    ['x-b', ' b'],
  ].map(pair),
  ...[
    ['x-c', 'a\r\nb: c'],
    ['transfer-encoding', 'chunked'],
    ['grpc-timeout', '1S'],
    ['priority', 'u=1'],
    ['', ''],
    [':status', '200'],
  ].map(pair),
];

function pair([name = '', value = '']: readonly string[]): RawField {
  return [name, value];
}

const words = [
  '\0\0\0\0',
  '\xff\xff\xff\xff',
  '\x82',
  '\x84',
  '\xbe',
  '\x20',
  '\x3f\xe1\x1f',
  '\x40\x01a\x01b',
  '\x7f\xff\xff\xff',
  '\0\0\0\x01',
].map((word) => Buffer.from(word, 'latin1'));

/** A connection with some of its frames changed: other order, flags, streams, payloads, and new frames between them. */
export function mutateConnection(random: Random, input: Buffer, other: Buffer): Buffer {
  const frames = clientFrames(input);
  const others = clientFrames(other);
  for (let i = 1 + random.int(4); i > 0; i--) changeFrames(random, frames, others);
  return Buffer.concat([preface, ...frames.map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload))]);
}

function changeFrames(random: Random, frames: RawFrame[], others: readonly RawFrame[]): void {
  const at = random.int(frames.length);
  const chosen = frames[at];
  if (chosen === undefined) {
    frames.push(newFrame(random));
    return;
  }
  switch (random.int(12)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      frames.splice(random.int(frames.length), 0, chosen);
      break;
    case 2:
      frames.splice(random.int(frames.length + 1), 0, ...frames.splice(at, 1));
      break;
    case 3:
      if (others.length > 0) frames.splice(at, 0, ...others.slice(random.int(others.length)).slice(0, 1 + random.int(4)));
      break;
    case 4:
      frames[at] = { ...chosen, flags: chosen.flags ^ (1 << random.int(8)) };
      break;
    case 5:
      frames[at] = { ...chosen, stream: random.pick([0, 1, 2, 3, 5, 7, chosen.stream + 2, chosen.stream + 4, 0x7fff_ffff]) };
      break;
    case 6:
      frames[at] = { ...chosen, type: random.int(11) };
      break;
    case 7:
      frames.splice(at, 1, ...split(random, chosen));
      break;
    case 8:
      frames[at] = { ...chosen, payload: mutateBytes(random, chosen.payload, others[0]?.payload ?? chosen.payload, words) };
      break;
    case 9:
      frames[at] = padded(random, chosen);
      break;
    default:
      frames.splice(random.int(frames.length + 1), 0, newFrame(random));
  }
}

/** Padding that is about as long as the frame. */
function padded(random: Random, { type, flags, stream, payload }: RawFrame): RawFrame {
  const length = Math.max(0, Math.min(255, random.pick([0, 1, payload.length - 1, payload.length, payload.length + 1])));
  return { type, flags: flags | 0x8, stream, payload: Buffer.concat([Buffer.from([length]), payload]) };
}

/** A header block in two frames, DATA in two, anything else as it is. */
function split(random: Random, whole: RawFrame): readonly RawFrame[] {
  const { type, flags, stream, payload } = whole;
  const at = random.int(payload.length + 1);
  if (type === frameTypes.data)
    return [
      { ...whole, flags: flags & ~endStream, payload: payload.subarray(0, at) },
      { ...whole, payload: payload.subarray(at) },
    ];
  if (type !== frameTypes.headers && type !== frameTypes.continuation) return [whole];
  return [
    { ...whole, flags: flags & ~endHeaders, payload: payload.subarray(0, at) },
    { type: frameTypes.continuation, flags: flags & endHeaders, stream, payload: payload.subarray(at) },
  ];
}

function newFrame(random: Random): RawFrame {
  const stream = 1 + 2 * random.int(6);
  switch (random.int(9)) {
    case 0:
      return { type: frameTypes.data, flags: random.int(2), stream, payload: Buffer.alloc(random.int(20), 0x61) };
    case 1:
      return {
        type: frameTypes.windowUpdate,
        flags: 0,
        stream: random.once(3) ? 0 : stream,
        payload: uint32(random.pick([0, 1, 65_535, 0x7fff_ffff])),
      };
    case 2:
      return { type: frameTypes.rstStream, flags: 0, stream, payload: uint32(random.int(12)) };
    case 3:
      return {
        type: frameTypes.settings,
        flags: random.once(4) ? 1 : 0,
        stream: 0,
        payload: settingsPayload(random.once(3) ? [] : [newSetting(random)]),
      };
    case 4:
      return { type: random.pick([frameTypes.ping, frameTypes.goaway]), flags: random.int(2), stream: 0, payload: Buffer.alloc(8) };
    case 5:
      return { type: frameTypes.priority, flags: 0, stream, payload: Buffer.from([0, 0, 0, random.int(8), 16]) };
    default:
      return { type: frameTypes.headers, flags: endHeaders | random.int(2), stream, payload: newBlock(random) };
  }
}

function newSetting(random: Random): readonly [number, number] {
  return [1 + random.int(9), random.pick([0, 1, 2, 100, 4096, 65_535, 0x7fff_ffff, 0x8000_0000])];
}

function newBlock(random: Random): Buffer {
  const fields = [...requestFields('/new', [], random.pick(['GET', 'POST', 'HEAD', 'OPTIONS']))];
  for (let i = random.int(4); i > 0; i--) fields.splice(random.int(fields.length + 1), random.int(2), random.pick(fieldPool));
  const kinds = [0, 0x10, 0x40] as const;
  return Buffer.concat(fields.map((field) => hpackLiteral(field, random.pick(kinds))));
}

/** The frames of a client, without its preface. */
export function clientFrames(input: Buffer): RawFrame[] {
  return framesOf(input.subarray(0, preface.length).equals(preface) ? input.subarray(preface.length) : input);
}
