import type { MetricSource } from '../metric-source.ts';
import { type MetricSpec, samplesOf } from './metric-spec.ts';

type AcmeFacts = NonNullable<MetricSource['acme']>;

/** Certificates that are ordered from CAs. Absent where --acme is off. When they expire is said with all others. */
export const acmeMetrics: readonly MetricSpec[] = [
  {
    name: 'smartproxy_acme_attempts_total',
    type: 'counter',
    labels: ['result'],
    unit: 'attempts',
    doc: 'Attempts of this replica to order or renew a certificate, by what came of them (issued, failed). The leader alone makes them.',
    read: ({ acme }) =>
      acme === undefined ? [] : (['issued', 'failed'] as const).map((result) => ({ labels: [result], value: acme[result] })),
  },
  ofCertificates(
    'smartproxy_acme_next_attempt_timestamp_seconds',
    'seconds since 1970',
    'When a certificate is looked at next, to be ordered or renewed or to ask the CA when, by namespace/secret: the 100 that are due soonest.',
    ({ nextAttemptMs }) => nextAttemptMs / 1000,
  ),
  ofCertificates(
    'smartproxy_acme_last_attempt_timestamp_seconds',
    'seconds since 1970',
    'When an order of it was begun or failed last; absent before the first.',
    ({ lastAttemptMs }) => lastAttemptMs && lastAttemptMs / 1000,
  ),
  ofCertificates('smartproxy_acme_failures', 'attempts', 'Attempts at it that failed in a row.', ({ failures }) => failures),
];

function ofCertificates(
  name: string,
  unit: string,
  doc: string,
  value: (certificate: AcmeFacts['certificates'][number]) => number | undefined,
): MetricSpec {
  const read = ({ acme }: MetricSource) =>
    (acme?.certificates ?? []).flatMap((certificate) => samplesOf([certificate.key], value(certificate)));
  return { name, type: 'gauge', labels: ['certificate'], unit, doc, read };
}
