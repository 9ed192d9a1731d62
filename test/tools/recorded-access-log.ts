import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessLog } from '../../src/observability/access-log.ts';
import { LineWriter } from '../../src/observability/line-writer.ts';

/** One line of the access log. */
export type LoggedLine = Readonly<Record<string, unknown>>;

/** An access log that writes to a file of its own, as a worker writes to stdout, and gives its lines back. */
export class RecordedAccessLog {
  readonly log: AccessLog;
  readonly #dir = mkdtempSync(join(tmpdir(), 'access-log-'));
  readonly #file = join(this.#dir, 'access.log');
  readonly #fd = openSync(this.#file, 'w');

  constructor() {
    this.log = new AccessLog(new LineWriter(this.#fd), { mode: 'all', format: 'json' });
  }

  /** Ends the log and returns every line as JSON; the file is gone afterwards. */
  async finish(): Promise<readonly LoggedLine[]> {
    return (await this.finishText()).map((line) => JSON.parse(line) as LoggedLine);
  }

  /** As `finish`, in whatever format. */
  async finishText(): Promise<readonly string[]> {
    await this.log.close(10_000);
    closeSync(this.#fd);
    const text = readFileSync(this.#file, 'utf8');
    rmSync(this.#dir, { recursive: true });
    return text.split('\n').filter((line) => line !== '');
  }
}
