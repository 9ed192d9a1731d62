import { type AcmeClock, sleepOn } from '../acme-clock.ts';
import type { DnsRecord } from './dns-provider.ts';
import { type DnsView, serverHasText, type ZoneServer } from './dns-view.ts';

/** What is seen of a record. */
export type SeenRecord =
  /** Every server that answers shows it. */
  | { readonly kind: 'there' }
  /** Some server answers without it, `why` as a sentence without its end. */
  | { readonly kind: 'missing'; readonly why: string }
  /** Nobody could be asked. */
  | { readonly kind: 'unseen'; readonly why: string };

const patienceMs = 120_000;
const pauseMs = 1000;

/**
 * Waits until all servers of its zone show a record, for a CA asks any of them; two minutes at most. Where none of them can be asked from
 * here, what resolvers show counts.
 */
export async function propagated(view: DnsView, record: DnsRecord, clock: AcmeClock, signal: AbortSignal): Promise<SeenRecord> {
  const endsMs = clock.now() + patienceMs;
  const servers = await view.serversOf(record.zone);
  for (;;) {
    const seen = await look(view, servers, record);
    if (seen.kind === 'there' || clock.now() >= endsMs) return seen;
    await sleepOn(clock, pauseMs, signal);
  }
}

async function look(view: DnsView, servers: readonly ZoneServer[], { name, zone, value }: DnsRecord): Promise<SeenRecord> {
  const answers = await Promise.all(servers.map((server) => serverHasText(server, name, value)));
  const without = servers.find((_, index) => answers[index] === false);
  if (without !== undefined)
    return { kind: 'missing', why: `the server ${without.name} (${without.address}) of zone ${zone} does not show the record ${name} yet` };
  if (answers.includes(true)) return { kind: 'there' };
  switch (await view.hasText(name, value)) {
    case true:
      return { kind: 'there' };
    case false:
      return { kind: 'unseen', why: `no server of zone ${zone} can be asked from here, and resolvers do not show the record ${name}` };
    case undefined:
      return { kind: 'unseen', why: `neither servers of zone ${zone} nor resolvers can be asked from here for the record ${name}` };
  }
}
