/** How many streams are remembered after their end. */
const remembered = 256;

/** The last streams that were open, with who ended them: frames that were already on their way are told from broken ones. */
export class ClosedStreams {
  /** Negative: we reset it. */
  readonly #ids = new Int32Array(remembered);
  #next = 0;

  add(streamId: number, wasReset: boolean): void {
    this.#ids[this.#next] = wasReset ? -streamId : streamId;
    this.#next = (this.#next + 1) % remembered;
  }

  /** `reset`: by us, so the peer may not know yet. `ended`: in any other way. Undefined: it was never open, or long ago. */
  find(streamId: number): 'reset' | 'ended' | undefined {
    if (this.#ids.includes(-streamId)) return 'reset';
    return this.#ids.includes(streamId) ? 'ended' : undefined;
  }
}
