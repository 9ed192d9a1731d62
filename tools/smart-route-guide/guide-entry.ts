/** What somebody wants to do, the example of SmartRoute that does it, and the question that shows it. */
export interface GuideEntry {
  /** Ends a sentence that begins with "I want to". */
  readonly want: string;
  /** Of the files in `examples/smartroute`, without their ending. */
  readonly files: readonly string[];
  /** What is worth knowing, in Markdown; paths are as seen from `docs`. */
  readonly note?: string;
  /** What `explain` is asked, beside the folder. */
  readonly asks: string;
  /** Lines of what it answers. */
  readonly shows: readonly string[];
}

/** Entries under one heading. */
export interface GuideSection {
  readonly title: string;
  readonly entries: readonly GuideEntry[];
}
