import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandMetrics } from '../command-metrics.ts';
import { eventually } from '../eventually.ts';
import { get } from '../get.ts';
import { ingress } from '../manifests.ts';

/** A folder of manifests that a running command serves, with the word when each change is served by every worker. */
export class LiveManifests {
  readonly #folder: string;
  readonly #statusPort: number;
  readonly #adminPort: number;
  readonly #workers: number;
  #version = 0;
  /** Changes that were written and seen to be served. */
  changes = 0;

  constructor(folder: string, statusPort: number, adminPort: number, workers: number) {
    this.#folder = folder;
    this.#statusPort = statusPort;
    this.#adminPort = adminPort;
    this.#workers = workers;
  }

  /** Writes one file at once, as a whole; resolves when all workers serve it. */
  async write(name: string, yaml: string): Promise<void> {
    const mark = `v${++this.#version}.mark.test`;
    // In the same file as the change: who sees one, sees the other.
    await this.replaceFile(`${name}.yaml`, `${yaml}${ingress(`mark-${name}`, { rules: { [mark]: [['/', 'Exact', 'nobody']] } })}`);
    await eventually(`the change of ${name} is published`, async () => {
      const { body } = await get(this.#adminPort, 'localhost', '/debug/routes');
      return body.includes(mark);
    });
    await this.#served();
    this.changes++;
  }

  /** Writes a file, however broken, without waiting. */
  async replaceFile(file: string, text: string): Promise<void> {
    const hidden = join(this.#folder, `.${file}.new`);
    await writeFile(hidden, text);
    await rename(hidden, join(this.#folder, file));
  }

  async removeFile(file: string): Promise<void> {
    await rm(join(this.#folder, file));
  }

  /** Resolves when every worker serves a table at least as new as the one that is published now. */
  async #served(): Promise<void> {
    let wanted: number | undefined;
    await eventually('every worker serves the change', async () => {
      const metrics = await CommandMetrics.scrape(this.#statusPort);
      wanted ??= metrics.sum('smartproxy_table_generation');
      for (let worker = 0; worker < this.#workers; worker++) {
        if (metrics.sum('smartproxy_worker_table_generation', { worker: String(worker) }) < wanted) return false;
      }
      return true;
    });
  }
}
