import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { messageOf, SmartProxyError } from '../../errors.ts';

/** Where a cluster's address and credentials come from. */
export interface ClusterConfigOptions {
  /** Path of a kubeconfig; undefined: the pod's service account. */
  readonly kubeconfig: string | undefined;
  /** Root of the pod's file system, before `/var/run/secrets/...`. @default '' */
  readonly rootDir?: string;
}

/** How to reach the API server right now: base address and the options of `https.request` with TLS material and credentials. */
export interface ClusterConnection {
  readonly server: URL;
  readonly options: RequestOptions;
  /** The cluster is reached through a proxy: `options.agent` knows how. */
  readonly proxied: boolean;
}

/**
 * Address and credentials of the API server, by client-node: tokens, client certificates, exec plug-ins, OIDC, service accounts
 * (whose token file it reads again every minute). `reload()` reads everything again, for credentials that stopped working.
 */
export class ClusterConfig {
  readonly #options: ClusterConfigOptions;
  #kubeConfig: KubeConfig;

  /** Throws KUBECONFIG_INVALID. */
  constructor(options: ClusterConfigOptions) {
    this.#options = options;
    this.#kubeConfig = readKubeConfig(options);
  }

  /** Takes what is on disk now; keeps what it has when that can't be read (a file being replaced). */
  reload(): void {
    try {
      this.#kubeConfig = readKubeConfig(this.#options);
    } catch {
      // The next request that is refused tries again.
    }
  }

  /** Reads tokens and certificates that may have been rotated; rejects with KUBECONFIG_INVALID when they can't be read. */
  async connection(): Promise<ClusterConnection> {
    const options: RequestOptions = { headers: {} };
    try {
      await this.#kubeConfig.applyToHTTPSOptions(options);
    } catch (error) {
      throw new SmartProxyError('KUBECONFIG_INVALID', `Cannot read the API server's credentials: ${messageOf(error)}`, { cause: error });
    }
    const cluster = this.#kubeConfig.getCurrentCluster();
    return { server: new URL(cluster?.server ?? ''), options, proxied: cluster?.proxyUrl !== undefined };
  }
}

function readKubeConfig({ kubeconfig, rootDir = '' }: ClusterConfigOptions): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) {
    const tokenFile = `${rootDir}/var/run/secrets/kubernetes.io/serviceaccount/token`;
    if (process.env.KUBERNETES_SERVICE_HOST === undefined || !existsSync(tokenFile)) {
      throw new SmartProxyError(
        'KUBECONFIG_INVALID',
        "Cannot use the pod's service account: this process does not run in a pod that has one",
      );
    }
    config.loadFromCluster(rootDir);
    return config;
  }
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new SmartProxyError('KUBECONFIG_INVALID', `Cannot read kubeconfig ${kubeconfig}: ${messageOf(error)}`, { cause: error });
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    throw new SmartProxyError(
      'KUBECONFIG_INVALID',
      `Cannot use kubeconfig ${kubeconfig}: its current context names no cluster with an address`,
    );
  }
  return config;
}
