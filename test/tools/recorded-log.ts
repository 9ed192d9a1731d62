import type { Log } from '../../src/log.ts';

/** A log that keeps its lines, so that a test stays quiet and can look at them. */
export class RecordedLog implements Log {
  readonly lines: { readonly level: keyof Log; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  readonly debug = this.#line('debug');
  readonly info = this.#line('info');
  readonly warn = this.#line('warn');
  readonly error = this.#line('error');

  #line(level: keyof Log): Log['info'] {
    return (fields, message) => {
      this.lines.push({ level, message, fields });
    };
  }
}
