import { askPage, type PageAnswer } from './ask-page.ts';
import type { PageData, PageName } from './page-data.ts';

const pauseMs = 2000;
/** A page that takes long to make is asked for less often: the program has other things to do. */
const pausePerWork = 9;

export interface PagesOptions {
  /** The pages that are shown now, with their queries. */
  readonly wanted: () => readonly string[];
  /** Called after each answer. */
  readonly onAnswer: (path: string) => void;
}

/** Since when nothing answers, and why. */
export interface LostLink {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly why: string;
}

/** The last answer of each page that is shown, asked for again and again while somebody can see it: one request at a time. */
export class Pages {
  readonly #options: PagesOptions;
  readonly #answers = new Map<string, PageAnswer>();
  readonly #data = new Map<string, unknown>();
  #timer: number | undefined;
  #isAsking = false;
  #isAwaited = false;
  /** undefined: the program answers. */
  lost: LostLink | undefined;

  constructor(options: PagesOptions) {
    this.#options = options;
    document.addEventListener('visibilitychange', () => this.askNow());
  }

  /** Asks for what is wanted at once, and from then on now and then. */
  askNow(): void {
    this.#isAwaited = true;
    if (!this.#isAsking) void this.#round();
  }

  /** What a page said last, however long ago; undefined: nothing yet. */
  data<N extends PageName>(name: N, query = ''): PageData[N] | undefined {
    return this.#data.get(name + query) as PageData[N] | undefined;
  }

  /** Whether a page ever came since it is shown. */
  isKnown(path: string): boolean {
    return this.#data.has(path);
  }

  /** What came of asking last; undefined: not asked yet. */
  answer(path: string): PageAnswer | undefined {
    return this.#answers.get(path);
  }

  async #round(): Promise<void> {
    window.clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#isAsking = true;
    const beganMs = performance.now();
    try {
      do await this.#askForAll();
      while (this.#isAwaited && !document.hidden);
    } finally {
      // Whatever became of this round, there is another.
      this.#isAsking = false;
      const tookMs = performance.now() - beganMs;
      this.#timer = window.setTimeout(() => void this.#round(), this.lost ? pauseMs : Math.max(pauseMs, tookMs * pausePerWork));
    }
  }

  async #askForAll(): Promise<void> {
    this.#isAwaited = false;
    const wanted = this.#options.wanted();
    this.#forgetAllBut(wanted);
    for (const path of wanted) if (!this.#isAwaited) this.#take(path, await askPage(path));
  }

  #take(path: string, answer: PageAnswer): void {
    this.#answers.set(path, answer);
    if (answer.kind === 'data') this.#data.set(path, answer.data);
    else if (answer.kind === 'unlike') this.#data.delete(path);
    if (answer.kind === 'lost') this.lost = { sinceMs: this.lost?.sinceMs ?? Date.now(), why: answer.why };
    else if (isOfProgram(path, answer)) this.lost = undefined;
    this.#options.onAnswer(path);
  }

  #forgetAllBut(wanted: readonly string[]): void {
    for (const known of [this.#answers, this.#data]) for (const path of known.keys()) if (!wanted.includes(path)) known.delete(path);
  }
}

/** What another program says to every path is no sign of ours. */
function isOfProgram(path: string, { kind }: PageAnswer): boolean {
  return kind !== 'unlike' || path === '/debug/status';
}
