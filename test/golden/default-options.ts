import type { TranslateOptions } from '../../src/translate/translate-options.ts';

/** An installation as it comes, on the first of June 2026. */
export const defaultOptions: TranslateOptions = {
  listeners: [
    { key: 'http', addresses: ['::'], port: 8080, publishedPort: 80, protocol: 'http', proxyProtocolFrom: [] },
    { key: 'https', addresses: ['::'], port: 8443, publishedPort: 443, protocol: 'https', proxyProtocolFrom: [] },
  ],
  addresses: ['::'],
  proxyProtocolFrom: [],
  publishService: undefined,
  configNamespace: 'smartproxy-ingress',
  ingressClass: 'smartproxy',
  controllerClass: 'smartproxy.dev/ingress-controller',
  namespaced: false,
  watchIngressWithoutClass: false,
  defaultBackend: undefined,
  defaultCertificate: undefined,
  httpsRedirect: true,
  maxRequestBodyBytes: 1_048_576,
  connectTimeoutMs: 5_000,
  readTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  tunnelIdleTimeoutMs: 3_600_000,
  retries: 1,
  loadBalancing: 'round-robin',
  allowLocalExternalNames: false,
  nftables: true,
  acmeNamespace: 'smartproxy-ingress',
  garbageCollection: true,
  nowMs: Date.UTC(2026, 5, 1),
};
