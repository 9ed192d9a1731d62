import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { dial } from '../../../balancing/transport.ts';
import type { ResponseFlag } from '../../../observability/counters/response-flag.ts';
import { Deadline } from '../../../timer-wheel.ts';
import type { ClientOpening } from '../../upstream/client-opening.ts';
import type { UpstreamFailure } from '../../upstream/upstream-handler.ts';
import type { ConnectionOwner, UpstreamShared } from '../../upstream/upstream-pool.ts';
import { type ConnectionRule, connectionRules } from '../connection-rule.ts';
import { pumpFairly } from '../fair-pump.ts';
import { FrameOutput } from '../frame-output.ts';
import { FrameReader } from '../frame-reader.ts';
import { clientPreface, defaultWindowBytes, ErrorCode, maxStreamId, maxWindowBytes } from '../frames.ts';
import { type PeerSettings, Setting } from '../peer-settings.ts';
import { WriteBuffer } from '../write-buffer.ts';
import { ResponseDispatch, type ResponseTarget } from './frame-dispatch.ts';
import {
  closeGraceMs,
  maxStreamsPerConnection,
  pingTimeoutMs,
  responseConnectionWindowBytes,
  responseFieldLimits,
  responseWindowBytes,
  silenceMs,
} from './limits.ts';
import type { ClientStreamOwner, Http2ClientStream } from './stream.ts';

/** The pool, as a connection sees it. */
export interface Http2Owner extends ConnectionOwner {
  /** How many streams the backend took last, at least one: what to expect of the next connection. */
  streamLimit: number;
  /** `connection` has no room for these streams, whose requests have not begun. */
  place(streams: readonly Http2ClientStream[], connection: Http2ClientConnection): void;
  /** The connection takes no new streams. */
  retired(connection: Http2ClientConnection): void;
  /** The connection is gone. */
  remove(connection: Http2ClientConnection): void;
}

/** `connecting` until the backend's SETTINGS have come and allow a stream, so that its limits are known before the first request. */
type State = 'connecting' | 'open' | 'closed';

/** What the connection's one deadline stands for at the moment. */
type Phase =
  | 'connect'
  | 'idle' // no stream
  | 'busy' // streams; a silence is looked into
  | 'ping' // the backend has to say something
  | 'closing'; // it is over, and its last bytes are on their way

const pingPayload = Buffer.from('liveness', 'latin1');
/** An HTTP/1 server answers our preface with a status line, which is no frame. */
const http1Answer = Buffer.from('HTTP/', 'latin1');

/**
 * One HTTP/2 connection to a backend (RFC 9113), shared by many requests: settings, windows, its liveness and its orderly end. A
 * connection that takes no new streams lives until its last one is over.
 */
export class Http2ClientConnection extends Deadline implements ResponseTarget, ClientStreamOwner {
  readonly shared: UpstreamShared;
  readonly scheme: 'http' | 'https';
  /** Whose connection it serves; undefined: all. */
  readonly opening: ClientOpening | undefined;
  readonly streams = new Map<number, Http2ClientStream>();
  knownStreamId = -1;
  /** The highest id that was used. */
  #lastStreamId = -1;
  readonly #owner: Http2Owner;
  readonly #socket: Socket;
  readonly #buffer: WriteBuffer;
  readonly #output: FrameOutput;
  readonly #frames: ResponseDispatch;
  readonly #reader: FrameReader;
  /** Every stream with a place here: waiting for the connection, not started, or open. */
  readonly #attached = new Set<Http2ClientStream>();
  /** Streams that got something in this read. */
  readonly #touched: Http2ClientStream[] = [];
  #state: State = 'connecting';
  #phase: Phase = 'connect';
  #retired = false;
  /** It has served a stream to its end. */
  #used = false;
  #blocked = false;
  #sendWindow = defaultWindowBytes;
  #receiveWindow = responseConnectionWindowBytes;
  #unannounced = 0;
  /** The backend has said something since the deadline was armed. */
  #heard = false;
  /**
   * A ping is out that no HEADERS or DATA has followed: no other is sent until then, because servers of gRPC end a connection whose client
   * pings again and again.
   */
  #pinged = false;

  /** Dials. @param opening how it begins when it serves one client's connection alone; undefined: it serves all */
  constructor(owner: Http2Owner, connectMs: number, opening?: ClientOpening) {
    super();
    this.opening = opening;
    const { shared, endpoint, transport } = owner;
    this.#owner = owner;
    this.shared = shared;
    const overTls = transport.tls !== undefined;
    this.scheme = overTls ? 'https' : 'http';
    this.#frames = new ResponseDispatch(this, shared.wheel, shared.http2);
    this.#reader = new FrameReader(this.#frames, false);
    const onread = {
      buffer: shared.readBuffers.shared,
      callback: (size: number, buffer: Uint8Array): boolean => {
        this.#onData((buffer as Buffer).subarray(0, size));
        return true;
      },
    };
    // A TLS socket may decrypt more while it writes, which would overwrite what is being read in a shared buffer.
    const socket = dial(endpoint, transport, { onread: overTls ? undefined : onread, lookup: shared.lookup, opening: opening?.encode() });
    this.#socket = socket;
    this.#buffer = new WriteBuffer(shared.http2.turn, socket, overTls, () => this.#checkBlocked());
    this.#output = new FrameOutput(this.#buffer);
    owner.connecting++;
    socket.on(overTls ? 'secureConnect' : 'connect', () => this.#onConnected());
    socket.on('error', (error: Error & { code?: string }) => this.#onGone(error.code ?? 'error'));
    socket.on('close', () => this.#onClosed());
    socket.on('end', () => this.#onGone('the connection ended'));
    socket.on('drain', () => this.#onDrain());
    if (overTls) socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#arm('connect', connectMs);
  }

  /** How many streams may still be attached. */
  get room(): number {
    if (this.#state === 'closed' || this.#retired) return 0;
    const limit = this.#state === 'open' ? this.#streamLimit : this.#owner.streamLimit;
    return limit - this.#attached.size;
  }

  get isIdle(): boolean {
    return this.#state === 'open' && this.#attached.size === 0;
  }

  /** It has been open for others before. */
  get isUsed(): boolean {
    return this.#used;
  }

  get #streamLimit(): number {
    return Math.min(maxStreamsPerConnection, this.#frames.peer.maxConcurrentStreams);
  }

  get allowsConnect(): boolean {
    return this.#frames.peer.allowsConnect;
  }

  /** Why the connection is not open in time. */
  get #lateDetail(): string {
    if (!this.#frames.sawSettings) return this.#socket.connecting ? 'dial' : 'no SETTINGS';
    return 'the backend takes no streams';
  }

  /** Gives a stream its place; it is ready now, or when the connection is. */
  attach(stream: Http2ClientStream): void {
    this.#attached.add(stream);
    if (this.#state !== 'open') return;
    stream.onReady(this.#used);
    if (this.#phase === 'idle') this.#watch();
  }

  /** No new streams; the connection ends with its last one. */
  retire(): void {
    if (this.#retired || this.#state === 'closed') return;
    this.#retired = true;
    this.#owner.retired(this);
    if (this.#attached.size === 0) this.#endInOrder();
  }

  /** Ends the connection at once. The handlers of its streams are not told. */
  destroy(): void {
    for (const stream of [...this.#attached]) stream.destroy();
    this.#close();
    this.#socket.destroy();
  }

  override onTimeout(): void {
    switch (this.#phase) {
      case 'connect':
        this.#fail('upstream_connect_timeout', this.#lateDetail);
        break;
      case 'idle':
        this.#endInOrder();
        break;
      case 'busy':
        this.#onSilence();
        break;
      case 'ping':
        if (this.#heard) this.#watch();
        else this.#fail('upstream_reset', 'no answer to a ping');
        break;
      case 'closing':
        this.#socket.destroy();
        break;
    }
  }

  // ClientStreamOwner

  open(stream: Http2ClientStream, fields: readonly string[], endStream: boolean): void {
    this.#lastStreamId += 2;
    stream.id = this.#lastStreamId;
    stream.sendWindow = this.#frames.peer.initialWindowBytes;
    this.streams.set(stream.id, stream);
    if (stream.id >= maxStreamId - 2) this.retire();
    if (this.#state === 'open') this.#output.headers(stream.id, 0, fields, endStream);
  }

  sendData(stream: Http2ClientStream, chunk: Buffer, start: number, limit: number, endStream: boolean): number {
    if (this.#state !== 'open') return 0;
    const wanted = chunk.length - start;
    if (wanted === 0) {
      if (endStream) this.#output.data(stream.id, chunk, start, start, true);
      return 0;
    }
    const allowed = Math.min(wanted, limit, stream.sendWindow, this.#sendWindow);
    if (allowed <= 0 || this.#blocked) return 0;
    stream.sendWindow -= allowed;
    this.#sendWindow -= allowed;
    this.#frames.onDataSent(this.#output.data(stream.id, chunk, start, start + allowed, endStream && allowed === wanted));
    return allowed;
  }

  sendTrailers(stream: Http2ClientStream, trailers: readonly string[]): void {
    if (this.#state === 'open') this.#output.headers(stream.id, 0, trailers, true);
  }

  sendReset(stream: Http2ClientStream, code: ErrorCode): void {
    if (this.#state === 'open') this.#output.reset(stream.id, code);
  }

  sendWindowUpdate(stream: Http2ClientStream, bytes: number): void {
    if (this.#state === 'open') this.#output.windowUpdate(stream.id, bytes);
  }

  leave(stream: Http2ClientStream): void {
    this.#attached.delete(stream);
    if (this.streams.delete(stream.id)) {
      this.#used = true;
      this.#frames.onStreamOver(stream);
    }
    if (this.#attached.size > 0 || this.#state === 'closed') return;
    if (this.#retired) this.#endInOrder();
    else if (this.#state === 'open') this.#arm('idle', this.shared.idleTimeoutMs);
  }

  // ResponseTarget

  takeWindow(length: number): boolean {
    this.#pinged = false;
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  credit(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced < responseConnectionWindowBytes / 2 || this.#state !== 'open') return;
    this.#receiveWindow += this.#unannounced;
    this.#output.windowUpdate(0, this.#unannounced);
    this.#unannounced = 0;
  }

  touched(stream: Http2ClientStream): void {
    this.#pinged = false;
    if (this.#touched.at(-1) !== stream) this.#touched.push(stream);
  }

  growWindow(increment: number): ConnectionRule | undefined {
    if (increment === 0) return 'window-increment-0';
    const wasClosed = this.#sendWindow <= 0;
    this.#sendWindow += increment;
    if (this.#sendWindow > maxWindowBytes) return 'window-overflow';
    if (wasClosed) this.#pumpAll();
    return undefined;
  }

  onSettings(peer: PeerSettings, windowChange: number): ConnectionRule | undefined {
    if (this.#state === 'closed') return undefined;
    this.#output.setMaxTableBytes(peer.headerTableBytes);
    this.#output.settingsAck();
    // A new initial window moves the windows of open streams too (RFC 9113 section 6.9.2); those that begin now have it already.
    if (windowChange !== 0) {
      for (const stream of this.streams.values()) if (!stream.growWindow(windowChange)) return 'window-overflow';
      if (windowChange > 0) this.#pumpAll();
    }
    if (this.#streamLimit > 0) {
      if (this.#state === 'connecting') this.#becomeReady();
      else this.#owner.streamLimit = this.#streamLimit;
    }
    return undefined;
  }

  /** Nothing of ours waits for it. */
  onSettingsAck(): void {}

  onPing(bytes: Buffer, start: number, isAck: boolean): void {
    if (!isAck && this.#state !== 'closed') this.#output.ping(bytes, start, true);
  }

  onGoaway(lastStreamId: number, code: number): void {
    if (this.#state === 'connecting') {
      this.#fail('upstream_connect_failed', `GOAWAY ${code}`);
      return;
    }
    this.retire();
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId) stream.onLost({ flag: 'upstream_reset', detail: `GOAWAY ${code}`, unprocessed: true }, 'GOAWAY');
    }
  }

  // The connection

  #onConnected(): void {
    if (this.#state !== 'connecting') return;
    if (this.scheme === 'https' && (this.#socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#fail('upstream_protocol_error', 'the backend does not agree on h2 (ALPN)');
      return;
    }
    this.#socket.write(clientPreface);
    this.#output.settings([
      ...[Setting.enablePush, 0],
      ...[Setting.initialWindowSize, responseWindowBytes],
      ...[Setting.maxHeaderListSize, responseFieldLimits.maxBytes],
    ]);
    this.#output.windowUpdate(0, responseConnectionWindowBytes - defaultWindowBytes);
  }

  /** The backend's limits are known: as many of the waiting streams as they allow begin, the others look elsewhere. */
  #becomeReady(): void {
    this.#state = 'open';
    this.#owner.connecting--;
    this.shared.counters.upstreamConnects++;
    this.#owner.endpoint.connectSucceeded();
    const limit = this.#streamLimit;
    this.#owner.streamLimit = limit;
    if (this.#attached.size === 0) {
      this.#arm('idle', this.shared.idleTimeoutMs);
      return;
    }
    this.#watch();
    const waiting = [...this.#attached];
    const rest = waiting.slice(limit);
    for (const stream of rest) this.#attached.delete(stream);
    for (const stream of waiting.slice(0, limit)) {
      stream.onReady(false);
      stream.announceReady();
    }
    if (rest.length > 0) this.#owner.place(rest, this);
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.#heard = true;
    this.knownStreamId = this.#lastStreamId;
    const isFirst = !this.#frames.sawSettings;
    const rule = this.#reader.execute(chunk);
    if (rule !== undefined) {
      const isHttp1 = isFirst && chunk.subarray(0, http1Answer.length).equals(http1Answer);
      if (isHttp1) this.#fail('upstream_protocol_error', 'the backend answers in HTTP/1');
      else this.#breakOff(rule);
      return;
    }
    const touched = this.#touched;
    for (let i = 0; i < touched.length; i++) touched[i]?.onTurn();
    touched.length = 0;
  }

  #checkBlocked(): void {
    if (this.#state === 'open' && this.#buffer.isBlocked) this.#blocked = true;
  }

  #onDrain(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#pumpAll();
  }

  #pumpAll(): void {
    pumpFairly(this.streams, () => this.#sendWindow > 0 && !this.#blocked);
  }

  /** Looks again when the backend has been silent for long. */
  #watch(): void {
    this.#heard = false;
    this.#arm('busy', silenceMs);
  }

  #onSilence(): void {
    const isOwed = !this.#heard && !this.#pinged && this.#owesAnswer();
    if (!isOwed) {
      this.#watch();
      return;
    }
    this.#pinged = true;
    this.#output.ping(pingPayload, 0, false);
    this.#arm('ping', pingTimeoutMs);
  }

  #owesAnswer(): boolean {
    for (const stream of this.streams.values()) if (stream.isOwed) return true;
    return false;
  }

  #onGone(detail: string): void {
    if (this.#state === 'closed') return;
    this.#fail(this.#state === 'connecting' ? 'upstream_connect_failed' : 'upstream_reset', detail);
  }

  #onClosed(): void {
    this.shared.wheel.disarm(this);
    this.#onGone('closed');
  }

  /** The backend broke a rule of connections: it is told, and its streams fail. */
  #breakOff(rule: ConnectionRule): void {
    if (this.#state !== 'closed') {
      this.#output.goaway(0, connectionRules[rule].code, rule);
      this.#buffer.writeOut();
    }
    this.#fail('upstream_protocol_error', rule);
  }

  #fail(flag: ResponseFlag, detail: string): void {
    const isNew = this.#state === 'connecting';
    if (isNew) {
      this.shared.counters.upstreamConnectFailures++;
      this.#owner.endpoint.connectFailed();
    }
    const streams = [...this.#attached];
    this.#close();
    this.#socket.destroy();
    const failure: UpstreamFailure = { flag, detail, unprocessed: isNew };
    for (const stream of streams) stream.onLost(failure, detail);
  }

  /** No stream is open. */
  #endInOrder(): void {
    const isOpen = this.#state === 'open';
    if (isOpen) this.#output.goaway(0, ErrorCode.noError, '');
    this.#buffer.writeOut();
    this.#close();
    if (isOpen) {
      this.#socket.destroySoon();
      this.#arm('closing', closeGraceMs);
    } else {
      this.#socket.destroy();
    }
  }

  #close(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'connecting') this.#owner.connecting--;
    this.#state = 'closed';
    this.shared.wheel.disarm(this);
    this.#buffer.discard();
    this.#attached.clear();
    this.streams.clear();
    this.#touched.length = 0;
    this.#owner.remove(this);
  }

  #arm(phase: Phase, ms: number): void {
    this.#phase = phase;
    if (ms > 0) this.shared.wheel.arm(this, ms);
    else this.shared.wheel.disarm(this);
  }
}
