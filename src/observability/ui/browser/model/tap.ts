import type { ShownRequest } from '../../../../ask/reports/render-tap.ts';
import { askStream } from './ask-stream.ts';

/** A line of the page. */
type TapLine = ShownRequest | { readonly kind: 'skipped'; readonly count: number } | { readonly kind: 'end' };

/** A request that passed, and its place among all that were shown. */
export type PassedRequest = ShownRequest & { readonly place: number };

/** What becomes of looking. */
export type TapState =
  | { readonly kind: 'opening' | 'live' | 'paused' }
  /** The program does not want to, and says why; or it has no such page. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Nothing answers: it is asked again. */
  | { readonly kind: 'lost' };

/** Most requests that are kept. */
const maxKept = 200;
/** How long the program is asked to go on: when this page has gone without a word it stops then. */
const seconds = 60;
const againMs = 2000;
/** Requests that come together are shown together. */
const gatherMs = 200;

/** Requests as they pass: the newest, while somebody looks and can see them. */
export class Tap {
  readonly #onChange: () => void;
  #wanted: string | undefined;
  #query: string | undefined;
  #stop: AbortController | undefined;
  #isPaused = false;
  #timer: number | undefined;
  #gathering: number | undefined;
  #place = 0;
  #state: TapState = { kind: 'opening' };
  #requests: readonly PassedRequest[] = [];
  #skipped = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', () => this.#follow());
  }

  get state(): TapState {
    return this.#state;
  }

  /** The newest first. */
  get requests(): readonly PassedRequest[] {
    return this.#requests;
  }

  /** Requests that were meant, too, and came too fast to be shown. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Which requests are meant (`?host=shop.example`); undefined: nobody looks. What was seen of others is forgotten. */
  want(query: string | undefined): void {
    if (query === this.#wanted) return;
    this.#wanted = query;
    if (query !== undefined && query !== this.#query) {
      this.#query = query;
      this.#requests = [];
      this.#skipped = 0;
      if (!this.#isPaused) this.#state = { kind: 'opening' };
    }
    this.#end();
    this.#follow();
  }

  /** Stops, or goes on; what is seen stays. */
  togglePause(): void {
    this.#isPaused = !this.#isPaused;
    this.#state = { kind: this.#isPaused ? 'paused' : 'opening' };
    this.#follow();
  }

  /** Tries again what was refused. */
  retry(): void {
    this.#end();
    this.#follow();
  }

  /** Looks when it should, and only then. */
  #follow(): void {
    const isMeant = this.#wanted !== undefined && !this.#isPaused && !document.hidden;
    if (!isMeant) this.#end();
    else if (this.#stop === undefined) void this.#look(this.#wanted ?? '');
  }

  #end(): void {
    window.clearTimeout(this.#timer);
    this.#stop?.abort();
    this.#stop = undefined;
    if (this.#state.kind === 'live') this.#state = { kind: 'opening' };
  }

  async #look(query: string): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    const asked = new URLSearchParams(query);
    asked.set('seconds', String(seconds));
    const outcome = await askStream(`/debug/tap?${asked}`, stop.signal, {
      onBegin: () => this.#say({ kind: 'live' }),
      onLine: (line) => this.#take(line as TapLine),
    });
    if (stop.signal.aborted) return;
    stop.abort();
    if (outcome.kind === 'over') return void this.#look(query);
    this.#say(outcome.kind === 'refused' ? outcome : { kind: 'lost' });
    // One that is refused for its question is so again; one for want of room may not be.
    this.#timer = window.setTimeout(() => this.retry(), outcome.kind === 'refused' ? 5 * againMs : againMs);
  }

  #take(line: TapLine): void {
    if (line.kind === 'request') this.#requests = [{ ...line, place: ++this.#place }, ...this.#requests.slice(0, maxKept - 1)];
    else if (line.kind === 'skipped') this.#skipped += line.count;
    this.#gathering ??= window.setTimeout(() => {
      this.#gathering = undefined;
      this.#onChange();
    }, gatherMs);
  }

  #say(state: TapState): void {
    this.#state = state;
    this.#onChange();
  }
}
