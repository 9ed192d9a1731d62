import { join } from 'node:path';
import { type AcmeSecrets, SecretsError } from '../acme/acme-secrets.ts';
import { Answers } from '../acme/answers.ts';
import { CaAccounts } from '../acme/ca-accounts.ts';
import { CertificateManager } from '../acme/certificate-manager.ts';
import { DnsAnswers } from '../acme/dns/dns-answers.ts';
import { FolderSecrets } from '../acme/folder-secrets.ts';
import { KubernetesSecrets } from '../acme/kubernetes-secrets.ts';
import { ReplicaCheck } from '../acme/replica-check.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../controller/controller-clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MetricSource } from '../observability/metric-source.ts';
import { acmeTlsKey } from '../routes/acme-tls.ts';
import type { RouteTable } from '../routes/route-table.ts';
import type { Trouble } from '../sources/troubles.ts';
import type { Translation } from '../translate/translation.ts';
import { frontReplicas } from './front-replicas.ts';
import type { OpenedSource } from './open-source.ts';

export interface AcmeOrdersOptions {
  readonly config: Config;
  readonly log: Log;
  readonly opened: OpenedSource;
  /** The last table that was published. */
  readonly table: () => RouteTable;
  /** Resolves when every worker serves it. */
  readonly applied: () => Promise<void>;
}

const troublePart = 'acme';
/** As many certificates are shown at a scrape: those that are due soonest. */
const certificatesShown = 100;

/** Where clients dial a protocol: at the listener of its name, else at one that speaks it. */
function publishedPortOf({ listeners }: Pick<RouteTable, 'listeners'>, protocol: 'http' | 'https'): number | undefined {
  return (listeners.get(protocol) ?? [...listeners.values()].find((listener) => listener.protocol === protocol))?.publishedPort;
}

/** Orders of certificates as the program sees them. Their library is loaded with the first of them. */
export class AcmeOrders {
  readonly #manager: CertificateManager;
  readonly #closing = new AbortController();

  /** undefined: none are ordered. Throws STATE_UNUSABLE. */
  static async open(options: AcmeOrdersOptions): Promise<AcmeOrders | undefined> {
    const { config, opened } = options;
    if (!config.acme) return undefined;
    const secrets =
      opened.kind === 'cluster'
        ? new KubernetesSecrets(opened.source.client)
        : await FolderSecrets.open(join(config.stateDir, 'acme'), opened.source.kept);
    return new AcmeOrders(options, secrets);
  }

  private constructor({ config, log, opened, table, applied }: AcmeOrdersOptions, secrets: AcmeSecrets) {
    const { troubles, source } = opened;
    const namespace = config.podNamespace;
    const { signal } = this.#closing;
    const replicas = new ReplicaCheck({
      replicas: (protocol) => frontReplicas(source.store.snapshot(), config.publishService, table(), protocol),
      isServedHere: async ({ type, name, token, certificate }) => {
        const { challenges, certificates } = table();
        const isKnown =
          type === 'http-01' ? challenges.has(token) : certificates.get(acmeTlsKey(name))?.chain.trim() === certificate?.trim();
        if (!isKnown) return false;
        await applied();
        return true;
      },
      clock: systemClock,
    });
    const answers = new Answers({
      replicas,
      dns: new DnsAnswers({ clock: systemClock }),
      publishedPort: (protocol) => publishedPortOf(table(), protocol),
    });
    const troubleOf = (error: unknown): Trouble => {
      if (error instanceof SecretsError) return error.trouble;
      if (opened.kind === 'cluster') return { reason: 'failed', message: messageOf(error) };
      return { reason: 'unusable', message: `Certificates can not be kept in --state-dir: ${messageOf(error)}` };
    };
    this.#manager = new CertificateManager({
      secrets,
      accounts: new CaAccounts(secrets, namespace, async (issuer, account) => {
        const { AcmeClientCa } = await import('../acme/acme-client-ca.ts');
        return new AcmeClientCa(issuer, account, signal);
      }),
      namespace,
      clock: systemClock,
      log,
      confirm: (challenges, ended, certificate, keep) => answers.confirm(challenges, ended, certificate, keep),
      remove: (records, issuerOf) => answers.remove(records, issuerOf),
      report: (error) => (error === undefined ? troubles.clear(troublePart) : troubles.report(troublePart, troubleOf(error))),
      reportRecords: (secret, message) => {
        const part = `acme records of ${secret}`;
        if (message === undefined) troubles.clear(part);
        else troubles.report(part, { reason: 'failed', message });
      },
    });
    if (opened.kind === 'manifests') this.#manager.active = true;
    else
      opened.status.onActive = (isActive) => {
        this.#manager.active = isActive && !signal.aborted;
      };
  }

  /** What is wanted now. */
  update({ acme, acmeIssuers }: Pick<Translation, 'acme' | 'acmeIssuers'>): void {
    this.#manager.update(
      acme,
      [...acmeIssuers.values()].flatMap((reading) => ('issuer' in reading ? [reading.issuer] : [])),
    );
  }

  facts(): NonNullable<MetricSource['acme']> {
    const nowMs = systemClock.now();
    const due = [...this.#manager.due()].sort(([, a], [, b]) => a.atMs - b.atMs).slice(0, certificatesShown);
    return {
      ...this.#manager.counts,
      certificates: due.map(([{ secret, state }, { atMs }]) => ({
        key: secret,
        nextAttemptMs: Math.max(atMs, nowMs),
        lastAttemptMs: state.lastAttemptMs,
        failures: state.failure?.count ?? 0,
      })),
    };
  }

  /** What is under way stops where it is; the next leader, or the next start, goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the program ends'));
    await this.#manager.close();
  }
}
