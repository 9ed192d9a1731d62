import type { AnswerSink, AnswerStage } from './answer-stage.ts';
import { AnswerBuffer } from './buffering/answer-buffer.ts';
import { AnswerEncoder } from './compression/answer-encoder.ts';
import { compressedHead, unmodifiedHead, varyingHead } from './compression/compression.ts';
import type { Downstream } from './downstream.ts';
import type { RequestHead, ResponseHead } from './http1/message-handler.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { RequestRecord } from './request-record.ts';
import type { RouteRuntime } from './route-runtime.ts';

/** Who answers through stages. */
export interface StagesOwner {
  /** The backend may be read again. */
  onStagesRoom(): void;
  /** All of the body is out. */
  onStagesEnd(trailers: readonly string[]): void;
  onStagesFailed(error: Error): void;
}

/** What the body of one answer goes through: compression, then a buffer for the client. An exchange uses it for all its answers in turn. */
export class AnswerStages implements AnswerSink {
  readonly #context: ProxyContext;
  readonly #downstream: Downstream;
  readonly #record: RequestRecord;
  readonly #owner: StagesOwner;
  #first: AnswerStage | undefined;
  #last: AnswerStage | undefined;
  #trailers: readonly string[] = noTrailers;

  constructor(context: ProxyContext, downstream: Downstream, record: RequestRecord, owner: StagesOwner) {
    this.#context = context;
    this.#downstream = downstream;
    this.#record = record;
    this.#owner = owner;
  }

  /** Where the body goes; undefined: to the client as it comes. */
  get first(): AnswerStage | undefined {
    return this.#first;
  }

  /** Makes the stages that the route has for this answer. Returns its head, with what becomes of the body. */
  begin(head: ResponseHead, request: RequestHead, { compression, answerBufferBytes }: RouteRuntime): ResponseHead {
    const { bufferRoom, encoders } = this.#context;
    const buffer = answerBufferBytes > 0 && head.body.kind !== 'none' ? new AnswerBuffer(answerBufferBytes, this, bufferRoom) : undefined;
    this.#first = buffer;
    this.#last = buffer;
    if (compression?.isEligible(head, request) !== true) return head;
    if (head.status === 304) return unmodifiedHead(head, request);
    const coding = compression.codingFor(request);
    if (head.body.kind === 'none') return coding === undefined ? varyingHead(head) : compressedHead(head, coding);
    const { level } = compression.policy;
    if (coding === undefined || !encoders.hasRoom(coding, level)) return varyingHead(head);
    const encoder = new AnswerEncoder(coding, level, head.body.kind !== 'length', buffer ?? this, encoders);
    buffer?.follow(encoder);
    this.#first = encoder;
    this.#last ??= encoder;
    return compressedHead(head, coding);
  }

  /** The client takes no more for now. */
  pause(): void {
    this.#last?.pause();
  }

  /** The client takes more. False: the backend has to wait all the same. */
  resume(): boolean {
    this.#last?.resume();
    return this.#first?.turn() ?? true;
  }

  /** The backend's answer is whole; `StagesOwner.onStagesEnd` follows. */
  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#first?.end();
  }

  /** Nobody wants the rest. */
  drop(): void {
    this.#last?.destroy();
    this.#clear();
  }

  onStageData(chunk: Buffer): boolean {
    this.#record.bytesSent += chunk.length;
    this.#downstream.sendBody(chunk, false);
    return this.#downstream.flush();
  }

  onStageRoom(): void {
    this.#owner.onStagesRoom();
  }

  onStageEnd(): void {
    const trailers = this.#trailers;
    this.#clear();
    this.#owner.onStagesEnd(trailers);
  }

  onStageFailed(error: Error): void {
    this.#owner.onStagesFailed(error);
  }

  #clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#trailers = noTrailers;
  }
}

const noTrailers: readonly string[] = [];
