import type { TimerWheel } from '../../../timer-wheel.ts';
import { ClosedStreams } from '../closed-streams.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import { FrameJudge, type JudgeTarget } from '../frame-judge.ts';
import { ErrorCode } from '../frames.ts';
import { HpackDecoder } from '../hpack/decoder.ts';
import type { Http2Shared } from '../http2-shared.ts';
import { AnswerGuard } from './answer-guard.ts';
import { maxResponseBlockBytes } from './limits.ts';
import { ResponseFields } from './response-fields.ts';
import type { Http2ClientStream } from './stream.ts';

/** The connection, as far as the backend's frames change it. */
export interface ResponseTarget extends JudgeTarget {
  /** The open ones. */
  readonly streams: ReadonlyMap<number, Http2ClientStream>;
  /** The highest id that the backend can know of: what a read brings was sent before it. */
  readonly knownStreamId: number;
  /** The stream has got something: `onTurn` follows at the end of the read. */
  touched(stream: Http2ClientStream): void;
}

/** Judges the frames of a backend. */
export class ResponseDispatch extends FrameJudge<Http2ClientStream> {
  readonly #target: ResponseTarget;
  readonly #guard: AnswerGuard;
  readonly #decoder: HpackDecoder;
  readonly #fields = new ResponseFields();
  readonly #closedStreams = new ClosedStreams();
  /** What may still come of streams that we gave up: no more than their windows had room for. */
  #lateBytes = 0;

  constructor(target: ResponseTarget, wheel: TimerWheel, { hpackScratch }: Http2Shared) {
    const guard = new AnswerGuard(wheel);
    super(target, guard, true, maxResponseBlockBytes);
    this.#target = target;
    this.#guard = guard;
    this.#decoder = new HpackDecoder(hpackScratch);
  }

  /** The stream leaves the open ones. */
  onStreamOver(stream: Http2ClientStream): void {
    this.#closedStreams.add(stream.id, !stream.isRemoteEnded);
    if (!stream.isRemoteEnded) this.#lateBytes += stream.windowLeft;
    this.#guard.onStreamOver();
  }

  onDataSent(frames: number): void {
    this.#guard.onDataSent(frames);
  }

  protected override find(streamId: number): Http2ClientStream | undefined {
    return streamId > this.#target.knownStreamId ? undefined : this.#target.streams.get(streamId);
  }

  protected override isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.#target.knownStreamId;
  }

  protected override takesData(stream: Http2ClientStream): boolean {
    if (!stream.isHeadDone) {
      stream.fail(ErrorCode.protocolError, 'data-before-head');
      return false;
    }
    this.#target.touched(stream);
    return true;
  }

  /** Answers are passed on as they come, so that no slow client holds the others up: each stream's own window bounds it. */
  protected override passData(stream: Http2ClientStream, chunk: Buffer): void {
    this.#target.credit(chunk.length);
    // The frame may have begun in another read.
    this.#target.touched(stream);
    stream.onData(chunk);
  }

  /** It may have been on its way when we gave the stream up. */
  protected override onDataOfClosed(streamId: number, length: number): ConnectionRule | undefined {
    if (this.#closedStreams.find(streamId) === 'ended') return 'stream-is-closed';
    this.#lateBytes -= length;
    return this.#lateBytes < 0 ? 'window-exceeded' : undefined;
  }

  protected override onReset(streamId: number, code: number): ConnectionRule | undefined {
    const stream = this.find(streamId);
    stream?.onReset(code);
    return stream === undefined ? this.#guard.onIdleFrame() : undefined;
  }

  /** The head of an answer, informational or not, or its trailers. */
  protected override onBlock(
    streamId: number,
    endStream: boolean,
    _selfDependent: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): ConnectionRule | undefined {
    if (this.isIdle(streamId)) return 'frame-on-idle-stream';
    const stream = this.find(streamId);
    const fields = this.#fields;
    fields.begin(stream?.isHeadDone === true);
    if (!this.#decoder.decode(bytes, start, end, fields)) return 'bad-compression';
    if (stream === undefined) return this.#closedStreams.find(streamId) === 'ended' ? 'stream-is-closed' : this.#guard.onIdleFrame();
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed, 'stream-is-closed');
      return undefined;
    }
    this.#target.touched(stream);
    stream.onHeaders(fields, endStream);
    return undefined;
  }
}
