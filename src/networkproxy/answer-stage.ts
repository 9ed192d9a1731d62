/** Something that an answer's body goes through on its way to the client. */
export interface AnswerStage {
  /** Takes a copy of the chunk. */
  write(chunk: Buffer): void;
  /** One read of the backend has been written. False: no more until `AnswerSink.onRoom`. */
  turn(): boolean;
  /** The answer is complete; `AnswerSink.onStageEnd` follows when all of it is out. */
  end(): void;
  /** What comes after takes no more for now, or takes more again. */
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. */
  destroy(): void;
}

/** What comes after a stage. Nothing is called after `AnswerStage.destroy`. */
export interface AnswerSink {
  /** The chunk is valid during the call only. False: no more until `AnswerStage.resume`. */
  onStageData(chunk: Buffer): boolean;
  /** There is room again after `turn` said that there is none. */
  onStageRoom(): void;
  onStageEnd(): void;
  onStageFailed(error: Error): void;
}
