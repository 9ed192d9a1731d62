import type { Config } from '../config/config.ts';
import type { Listener } from '../routes/route-table.ts';
import type { TranslateOptions } from '../translate/translate-options.ts';

/** The part of the configuration that translate needs, in its own words. */
export function translateOptionsOf(config: Config, listeners: readonly Listener[]): Omit<TranslateOptions, 'nowMs'> {
  return {
    listeners,
    addresses: config.addresses,
    proxyProtocolFrom: config.proxyProtocolFrom,
    publishService: config.publishService,
    configNamespace: config.manifests === undefined ? config.podNamespace : undefined,
    ingressClass: config.ingressClass,
    controllerClass: config.controllerClass,
    namespaced: config.watchNamespaces.length > 0 && config.manifests === undefined,
    watchIngressWithoutClass: config.watchIngressWithoutClass,
    defaultBackend: config.defaultBackend,
    defaultCertificate: config.defaultCertificate,
    httpsRedirect: config.httpsRedirect,
    maxRequestBodyBytes: config.maxRequestBodyBytes,
    connectTimeoutMs: config.connectTimeoutMs,
    readTimeoutMs: config.upstreamReadTimeoutMs,
    sendTimeoutMs: config.upstreamSendTimeoutMs,
    tunnelIdleTimeoutMs: config.tunnelIdleTimeoutMs,
    retries: config.retries,
    loadBalancing: config.loadBalancing,
    allowLocalExternalNames: config.allowLocalExternalNames,
    nftables: config.nftables,
    acmeNamespace: config.acme ? config.podNamespace : undefined,
    garbageCollection: config.manifests === undefined,
  };
}
