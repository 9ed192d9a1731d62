// 10,000 certificates in one worker: what choosing one for a server name costs, and what the contexts weigh that are kept.
import { CertificateContexts } from '../../src/networkproxy/tls/certificate-contexts.ts';
import { CompiledTable } from '../../src/routes/compiled-table.ts';
import { manyCertificates, withHosts } from '../../test/tools/many-certificates.ts';
import type { Figure } from '../report.ts';

const count = 10_000;
/** As many contexts as are kept. */
const kept = 2000;

export async function run(): Promise<readonly Figure[]> {
  const certificates = await manyCertificates(count);
  const names = certificates.map(({ key }) => key);
  const compiled = CompiledTable.compile(withHosts(certificates));
  const contexts = new CertificateContexts({});
  const select = (from: number, to: number): number => {
    const start = performance.now();
    for (let i = from; i < to; i++) contexts.select(compiled, names[i]);
    return (performance.now() - start) / (to - from);
  };
  const atRestKib = residentKib();
  const makeMs = select(0, kept);
  const fullKib = residentKib();
  const hitMs = Math.min(...Array.from({ length: 10 }, () => select(0, kept)));
  const replaceMs = select(kept, count);
  const laterKib = residentKib();
  select(0, count);
  return [
    { name: 'choose one of 10,000 certificates, its context there', unit: 'ns', value: hitMs * 1e6 },
    { name: 'choose one, its context made first', unit: 'µs', value: makeMs * 1000 },
    { name: 'choose one, its context made and the oldest let go', unit: 'µs', value: replaceMs * 1000 },
    { name: 'one context', unit: 'KiB', value: (fullKib - atRestKib) / kept },
    { name: 'memory after all 10,000, to that of the 2,000 contexts that are kept', unit: 'x', value: laterKib / fullKib },
    { name: 'the same after another 10,000', unit: 'x', value: residentKib() / fullKib },
  ];
}

function residentKib(): number {
  return process.memoryUsage.rss() / 1024;
}
