import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { prometheusPrograms } from '../prometheus-programs.ts';
import { temporaryFolder } from '../running-command.ts';

/** One series of an instant query. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The exemplars of one series. */
export interface QueriedExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[];
}

interface ApiAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data: unknown;
}

export interface PrometheusOptions {
  /** Where `/metrics` is. */
  readonly statusPort: number;
  /** Labels that the scrape gives the target. */
  readonly labels: Readonly<Record<string, string>>;
  readonly ruleFile: string;
}

/** A real Prometheus that scrapes one program four times a second and keeps exemplars. */
export class PrometheusServer {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(t: TestContext, { statusPort, labels, ruleFile }: PrometheusOptions): Promise<PrometheusServer> {
    const folder = await temporaryFolder(t);
    const config = {
      global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '1s' },
      rule_files: [ruleFile],
      scrape_configs: [{ job_name: 'smartproxy', static_configs: [{ targets: [`127.0.0.1:${statusPort}`], labels }] }],
    };
    // JSON is YAML.
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const port = await freePort();
    const child = spawn(
      prometheusPrograms().prometheus,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--enable-feature=exemplar-storage',
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    t.after(() => ended(child));
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4000);
    });
    const server = new PrometheusServer(port);
    await eventually('Prometheus is ready', async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended: ${errors}`);
      return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
    });
    return server;
  }

  /** An instant query: a scalar is one series without labels. Throws with Prometheus's words when it cannot be run. */
  async query(expr: string): Promise<readonly QueriedSeries[]> {
    const { resultType, result } = (await this.#api('query', { query: expr })) as { resultType: string; result: unknown };
    if (resultType === 'scalar') return [{ metric: {}, value: Number((result as [number, string])[1]) }];
    return (result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
      metric,
      value: Number(value[1]),
    }));
  }

  /** Values of a label, of the series that a selector matches. */
  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    return (await this.#api(`label/${label}/values`, { 'match[]': selector })) as string[];
  }

  /** What is kept of the last hour. */
  async exemplars(query: string): Promise<readonly QueriedExemplars[]> {
    const now = Date.now() / 1000;
    return (await this.#api('query_exemplars', { query, start: String(now - 3600), end: String(now + 60) })) as QueriedExemplars[];
  }

  /** Health of every rule by its alert's name. */
  async ruleHealth(): Promise<Readonly<Record<string, string>>> {
    const { groups } = (await this.#api('rules', {})) as { groups: { rules: { name: string; health: string }[] }[] };
    return Object.fromEntries(groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health])));
  }

  async #api(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, error, data } = (await response.json()) as ApiAnswer;
    if (status !== 'success') throw new Error(`${error}: ${JSON.stringify(parameters)}`);
    return data;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
