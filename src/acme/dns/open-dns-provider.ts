import { assertNever } from '../../errors.ts';
import type { AcmeDns } from '../../translate/acme-dns.ts';
import type { AwsKeys } from './aws-keys.ts';
import type { AwsRole } from './aws-role.ts';
import type { DnsProvider } from './dns-provider.ts';

/** Of this process: its keys are kept from one provider to the next. */
let role: Promise<AwsRole> | undefined;

async function roleKeys(): Promise<() => Promise<AwsKeys>> {
  role ??= import('./aws-role.ts').then(({ AwsRole }) => new AwsRole(process.env));
  const opened = await role;
  return () => opened.keys();
}

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
      return new (await import('./route53-provider.ts')).Route53Provider(async () => dns, dns.hostedZoneId);
    case 'route53-by-role':
      return new (await import('./route53-provider.ts')).Route53Provider(await roleKeys(), dns.hostedZoneId);
    default:
      return assertNever(dns);
  }
}
