import assert from 'node:assert/strict';
import type { ClientFacts } from '../../src/networkproxy/client-facts.ts';
import type { RequestHead } from '../../src/networkproxy/http1/message-handler.ts';
import { ClosedStreams } from '../../src/networkproxy/http2/closed-streams.ts';
import type { ConnectionRule } from '../../src/networkproxy/http2/connection-rule.ts';
import { FrameReader } from '../../src/networkproxy/http2/frame-reader.ts';
import { maxStreamId, maxWindowBytes } from '../../src/networkproxy/http2/frames.ts';
import { makeHttp2Shared } from '../../src/networkproxy/http2/http2-shared.ts';
import { connectionWindowBytes, maxConcurrentStreams, streamWindowBytes } from '../../src/networkproxy/http2/limits.ts';
import type { MessageRule } from '../../src/networkproxy/http2/message-rule.ts';
import type { PeerSettings } from '../../src/networkproxy/http2/peer-settings.ts';
import { AbuseGuard } from '../../src/networkproxy/http2/server/abuse-guard.ts';
import { FrameDispatch, type FrameTarget } from '../../src/networkproxy/http2/server/frame-dispatch.ts';
import type { Http2Stream } from '../../src/networkproxy/http2/server/stream.ts';
import type { ProxyContext } from '../../src/networkproxy/proxy-context.ts';
import { WorkerCounters } from '../../src/observability/counters/worker-counters.ts';
import type { TimerWheel } from '../../src/timer-wheel.ts';

const counters = new WorkerCounters();
/** Small limits, so that short inputs go over them. */
export const recordedLimits = { maxHeaderBytes: 2000, maxHeaders: 20 };
const context = {
  config: recordedLimits,
  counters,
  http2: makeHttp2Shared(recordedLimits.maxHeaderBytes),
} as unknown as ProxyContext;
const stoppedWheel = { nowMs: 0 } as TimerWheel;
const facts = { scheme: 'http', trusted: false } as ClientFacts;

/** A stream that keeps what it is told. */
class RecordedStream {
  readonly id: number;
  readonly head: RequestHead | undefined;
  readonly #connection: RecordedConnection;
  body = '';
  trailers: readonly string[] | undefined;
  /** The rule that it was refused for. */
  refusal: MessageRule | undefined;
  isRemoteEnded = false;
  #receiveWindow = streamWindowBytes;
  #sendWindow: number;

  constructor(connection: RecordedConnection, id: number, head: RequestHead | undefined, sendWindow: number) {
    this.#connection = connection;
    this.id = id;
    this.head = head;
    this.#sendWindow = sendWindow;
  }

  takeWindow(length: number): boolean {
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  skipPadding(): void {}

  onData(chunk: Buffer): void {
    assert.ok(!this.isRemoteEnded, 'DATA behind the end');
    this.body += chunk.toString('latin1');
    chunk.fill(0x21);
  }

  onEndStream(trailers: readonly string[]): void {
    assert.ok(!this.isRemoteEnded, 'a second end');
    this.isRemoteEnded = true;
    this.trailers = trailers;
    // Some are answered at once, others stay open.
    if (this.id % 4 === 3) this.#connection.close(this, false);
  }

  onReset(code: number): void {
    this.#connection.close(this, false, `reset by the client with ${code}`);
  }

  refuse(rule: MessageRule): void {
    this.refusal = rule;
    this.#connection.close(this, true, `refused for ${rule}`);
  }

  fail(code: number): void {
    this.#connection.close(this, true, `failed with ${code}`);
  }

  growWindow(bytes: number): boolean {
    this.#sendWindow += bytes;
    return this.#sendWindow <= maxWindowBytes;
  }

  pump(): number {
    return 0;
  }
}

/** What came of some bytes. */
export interface RecordedReading {
  readonly rule: ConnectionRule | undefined;
  readonly requests: readonly { id: number; head: RequestHead | undefined; body: string; trailers: readonly string[] | undefined }[];
  readonly events: readonly string[];
  readonly credited: number;
  readonly midFrame: boolean;
  readonly midBlock: boolean;
}

/** Stands for the server's end of a connection, without a socket, and keeps what the frames of its client meant. */
export class RecordedConnection implements FrameTarget {
  readonly facts = facts;
  readonly #streams = new Map<number, RecordedStream>();
  readonly closedStreams = new ClosedStreams();
  readonly goawayId = maxStreamId;
  brokenRule: ConnectionRule | undefined;
  readonly requests: RecordedStream[] = [];
  readonly events: string[] = [];
  credited = 0;
  readonly #guard = new AbuseGuard(stoppedWheel, counters);
  readonly #dispatch = new FrameDispatch(context, this, this.#guard);
  readonly #reader = new FrameReader(this.#dispatch, true);
  #receiveWindow = connectionWindowBytes;
  #sendWindow = 65_535;

  get streams(): ReadonlyMap<number, Http2Stream> {
    return this.#streams as unknown as ReadonlyMap<number, Http2Stream>;
  }

  /** Reads pieces up to the first broken rule, and returns all that it led to. */
  read(pieces: readonly Buffer[]): RecordedReading {
    let rule: ConnectionRule | undefined;
    for (const piece of pieces) {
      rule = this.#reader.execute(Buffer.from(piece));
      if (rule !== undefined) break;
    }
    const requests = this.requests.map(({ id, head, body, trailers }) => ({ id, head: head && plain(head), body, trailers }));
    const { midFrame } = this.#reader;
    return { rule, requests, events: this.events, credited: this.credited, midFrame, midBlock: this.#dispatch.midBlock };
  }

  close(stream: RecordedStream, wasReset: boolean, why = 'answered'): void {
    this.events.push(`${stream.id} ${why}`);
    this.#streams.delete(stream.id);
    this.closedStreams.add(stream.id, wasReset);
    if (wasReset) this.brokenRule ??= this.#guard.onReset();
  }

  takeWindow(length: number): boolean {
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  credit(bytes: number): void {
    this.credited += bytes;
  }

  openStream(streamId: number, head: RequestHead | MessageRule, endStream: boolean, selfDependent: boolean): ConnectionRule | undefined {
    assert.ok(streamId % 2 === 1 && !this.#streams.has(streamId), 'a new stream of a client');
    assert.ok(this.#streams.size <= maxConcurrentStreams);
    const isRefused = typeof head === 'string';
    const stream = new RecordedStream(this, streamId, isRefused ? undefined : head, this.#dispatch.peer.initialWindowBytes);
    this.#streams.set(streamId, stream);
    this.requests.push(stream);
    if (selfDependent) stream.fail(1);
    else if (isRefused) stream.refuse(head);
    else if (endStream) stream.onEndStream([]);
    return this.brokenRule;
  }

  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined {
    this.events.push(`settings ${peer.headerTableBytes} ${windowChange}`);
    for (const stream of this.#streams.values()) if (!stream.growWindow(windowChange)) return 'window-overflow';
    return undefined;
  }

  onSettingsAck(): void {
    this.events.push('settings acknowledged');
  }

  growWindow(increment: number): ConnectionRule | undefined {
    if (increment === 0) return 'window-increment-0';
    this.#sendWindow += increment;
    return this.#sendWindow > maxWindowBytes ? 'window-overflow' : undefined;
  }

  onPing(bytes: Buffer, start: number, isAck: boolean): void {
    this.events.push(`ping ${bytes.toString('hex', start, start + 8)} ${isAck}`);
  }

  onGoaway(): void {
    this.events.push('goaway');
  }
}

/** A WebSocket's key is made up anew each time. */
function plain(head: RequestHead): RequestHead {
  if (head.upgrade === undefined) return head;
  return { ...head, headers: head.headers.map((text, i) => (head.headers[i - 1] === 'sec-websocket-key' ? 'key' : text)) };
}
