import type { RequestHead, ResponseHead } from '../../../src/networkproxy/http1/message-handler.ts';

/** Keeps what a parser tells, in an order-preserving form that does not depend on how the body was cut. */
export class RecordingHandler<Head extends RequestHead | ResponseHead> {
  readonly informational: Head[] = [];
  readonly messages: { head: Head; body: string; trailers: readonly string[] | undefined }[] = [];

  onInformational(head: Head): void {
    this.informational.push(head);
  }

  onHead(head: Head): void {
    this.messages.push({ head, body: '', trailers: undefined });
  }

  onBody(chunk: Buffer): void {
    this.#last().body += chunk.toString('latin1');
  }

  onEnd(trailers: readonly string[]): void {
    this.#last().trailers = trailers;
  }

  /** Messages that came to their end. */
  get complete(): number {
    return this.messages.filter((message) => message.trailers !== undefined).length;
  }

  #last(): { head: Head; body: string; trailers: readonly string[] | undefined } {
    const last = this.messages.at(-1);
    if (last === undefined || last.trailers !== undefined) throw new Error('Cannot record: the parser is outside of a message');
    return last;
  }
}
