/** Memory in use and how much may be, in bytes. */
export interface MemoryReading {
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** This process's part of the limit. */
  readonly shareBytes: number;
}

/** Measures memory; whoever makes the data plane knows how. */
export interface MemorySource {
  read(): Promise<MemoryReading>;
}
