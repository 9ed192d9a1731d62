import { assertNever } from '../../errors.ts';
import type { AcmeDns } from '../../translate/acme-dns.ts';
import type { DnsProvider } from './dns-provider.ts';

/** The provider of an issuer; its code is loaded with the first of its kind. */
export async function openDnsProvider(dns: AcmeDns): Promise<DnsProvider> {
  switch (dns.kind) {
    case 'rfc2136':
      return new (await import('./rfc2136-provider.ts')).Rfc2136Provider(dns);
    case 'webhook':
      return new (await import('./webhook-provider.ts')).WebhookProvider(dns);
    case 'cloudflare':
      return new (await import('./cloudflare-provider.ts')).CloudflareProvider(dns.token);
    case 'route53':
      return new (await import('./route53-provider.ts')).Route53Provider(dns);
    default:
      return assertNever(dns);
  }
}
