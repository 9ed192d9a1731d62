import type { WorkerCounters } from '../../../observability/counters/worker-counters.ts';
import type { ClientFacts } from '../../client-facts.ts';
import { defaultParserLimits, type RequestHead } from '../../http1/message-handler.ts';
import type { ProxyContext } from '../../proxy-context.ts';
import type { ClosedStreams } from '../closed-streams.ts';
import type { ConnectionRule } from '../connection-rule.ts';
import { FrameJudge, type JudgeTarget } from '../frame-judge.ts';
import { ErrorCode, FrameType, readUint31 } from '../frames.ts';
import { HpackDecoder } from '../hpack/decoder.ts';
import type { MessageRule } from '../message-rule.ts';
import type { AbuseGuard } from './abuse-guard.ts';
import { RequestFields } from './request-fields.ts';
import type { Http2Stream } from './stream.ts';

/** The connection, as far as its client's frames change it. */
export interface FrameTarget extends JudgeTarget {
  readonly facts: ClientFacts;
  /** The open ones. */
  readonly streams: ReadonlyMap<number, Http2Stream>;
  readonly closedStreams: ClosedStreams;
  /** Streams above it are not served any more. */
  readonly goawayId: number;
  /** Set when the client has broken more streams than it may. */
  readonly brokenRule: ConnectionRule | undefined;
  /** A request. `head` may name the rule that it broke. */
  openStream(streamId: number, head: RequestHead | MessageRule, endStream: boolean, selfDependent: boolean): ConnectionRule | undefined;
}

/** Judges the frames of a client. */
export class FrameDispatch extends FrameJudge<Http2Stream> {
  /** The highest id of a request. */
  lastStreamId = 0;
  readonly #target: FrameTarget;
  readonly #guard: AbuseGuard;
  readonly #counters: WorkerCounters;
  readonly #decoder: HpackDecoder;
  readonly #fields: RequestFields;

  constructor(context: ProxyContext, target: FrameTarget, guard: AbuseGuard) {
    super(target, guard, false, context.http2.maxBlockBytes);
    const { maxHeaderBytes, maxHeaders } = context.config;
    const { maxLineBytes, maxTrailerBytes } = defaultParserLimits;
    this.#target = target;
    this.#guard = guard;
    this.#counters = context.counters;
    this.#decoder = new HpackDecoder(context.http2.hpackScratch);
    this.#fields = new RequestFields({ maxBytes: maxHeaderBytes, maxTrailerBytes, maxFields: maxHeaders, maxPathBytes: maxLineBytes });
  }

  override onPayload(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (type === FrameType.priorityUpdate) return this.#onPriorityUpdate(streamId, bytes, start, end);
    return super.onPayload(type, flags, streamId, bytes, start, end);
  }

  protected override find(streamId: number): Http2Stream | undefined {
    return this.#target.streams.get(streamId);
  }

  protected override isIdle(streamId: number): boolean {
    return streamId > this.lastStreamId && streamId <= this.#target.goawayId;
  }

  protected override brokenRule(): ConnectionRule | undefined {
    return this.#target.brokenRule;
  }

  /** DATA for a stream that is over: it may have been on its way when we reset it. */
  protected override onDataOfClosed(streamId: number): ConnectionRule | undefined {
    if (streamId > this.#target.goawayId) return undefined;
    return this.#target.closedStreams.find(streamId) === 'ended' ? 'stream-is-closed' : this.#guard.onIdleFrame();
  }

  protected override onReset(streamId: number, code: number): ConnectionRule | undefined {
    if (streamId > this.lastStreamId) return undefined;
    this.find(streamId)?.onReset(code);
    return this.#guard.onReset();
  }

  protected override headersRule(streamId: number): ConnectionRule | undefined {
    return streamId % 2 === 0 ? 'stream-id-even' : undefined;
  }

  protected override counted(rule: ConnectionRule | undefined): ConnectionRule | undefined {
    if (rule === 'window-exceeded') this.#counters.countHttp2Limit('windows');
    else if (rule === 'header-block-too-large') this.#counters.countHttp2Limit('header_block');
    else if (rule === 'too-many-continuations') this.#counters.countHttp2Limit('continuations');
    return rule;
  }

  /** A request, or the trailers of one. */
  protected override onBlock(
    streamId: number,
    endStream: boolean,
    selfDependent: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): ConnectionRule | undefined {
    const open = this.#target.streams.get(streamId);
    const fields = this.#fields;
    fields.begin(open !== undefined);
    if (!this.#decoder.decode(bytes, start, end, fields)) return 'bad-compression';
    if (fields.rule !== undefined && (fields.rule === 'head-too-large' || fields.rule === 'too-many-headers')) {
      this.#counters.countHttp2Limit('header_list');
    }
    if (open !== undefined) return this.#onTrailers(open, endStream);
    if (streamId <= this.lastStreamId) return this.#onHeadersOfClosed(streamId);
    if (streamId > this.#target.goawayId) return this.#guard.onIdleFrame();
    this.lastStreamId = streamId;
    return this.#target.openStream(streamId, fields.head(this.#target.facts, endStream), endStream, selfDependent);
  }

  #onHeadersOfClosed(streamId: number): ConnectionRule | undefined {
    const how = this.#target.closedStreams.find(streamId);
    if (how === 'reset') return this.#guard.onIdleFrame();
    return how === 'ended' ? 'stream-is-closed' : 'stream-id-not-increasing';
  }

  #onTrailers(stream: Http2Stream, endStream: boolean): ConnectionRule | undefined {
    if (stream.isRemoteEnded) {
      stream.fail(ErrorCode.streamClosed);
      return this.#target.brokenRule;
    }
    const trailers = endStream ? this.#fields.trailers() : 'trailers-without-end';
    if (typeof trailers === 'string') stream.refuse(trailers);
    else stream.onEndStream(trailers);
    return this.#target.brokenRule;
  }

  /** Valid ones are taken and change nothing: streams are served in turn. Even ids are of pushed streams, and we push none. */
  #onPriorityUpdate(streamId: number, bytes: Buffer, start: number, end: number): ConnectionRule | undefined {
    if (streamId !== 0) return 'frame-not-on-stream-0';
    if (end - start < 4) return 'frame-length';
    return readUint31(bytes, start) % 2 === 0 ? 'priority-of-no-request' : this.#guard.onPriority();
  }
}
