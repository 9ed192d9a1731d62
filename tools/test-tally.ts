import type { TestStream } from './run-test-files.ts';

/** Counts tests over several runs. A skip is named with its reason, and is a failure when `skipsFail`. */
export class TestTally {
  passed = 0;
  failed = 0;
  readonly #skipsFail: boolean;
  readonly #skipped: string[] = [];
  readonly #failures: string[] = [];

  constructor(skipsFail: boolean) {
    this.#skipsFail = skipsFail;
  }

  add(name: string, passed: boolean): void {
    if (passed) {
      this.passed++;
      return;
    }
    this.failed++;
    this.#failures.push(name);
  }

  watch(stream: TestStream): void {
    stream.on('test:pass', (event) => {
      if (event.details.type === 'suite') return;
      if (event.skip !== undefined && event.skip !== false) this.#skip(event.name, event.skip);
      else this.add(event.name, true);
    });
    stream.on('test:fail', (event) => {
      if (event.details.type === 'suite') return;
      this.add(`${event.name} (${event.file ?? 'no file'}:${event.line ?? 0}): ${reasonOf(event.details.error)}`, false);
    });
  }

  /** The closing lines; the last one is `N passed, N failed`, with skips when there are any. */
  summary(): readonly string[] {
    const skips = this.#skipped.length === 0 ? '' : `, ${this.#skipped.length} skipped`;
    return [
      ...this.#skipped.map((name) => `SKIPPED ${name}`),
      ...this.#failures.map((name) => `FAILED ${name}`),
      `${this.passed} passed, ${this.failed} failed${skips}`,
    ];
  }

  #skip(name: string, reason: string | boolean): void {
    const line = `${name}: ${reason === true ? 'no reason given' : reason}`;
    if (this.#skipsFail) this.add(`${line} (a skip is a failure with CI=true)`, false);
    else this.#skipped.push(line);
  }
}

/** What a failed test threw, in one line: it may be all that is kept of a run. */
function reasonOf(error: Error): string {
  const { cause } = error;
  const message = cause instanceof Error ? cause.message : error.message;
  return message.replace(/\s+/g, ' ').slice(0, 400);
}
