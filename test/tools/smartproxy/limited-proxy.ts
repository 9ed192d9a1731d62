// A process of its own with few descriptors: serves the socket that it inherits as descriptor 4, and tells its counters when asked.
import { ProcessProbe } from '../../../src/observability/process-probe.ts';
import { EchoEntry } from './echo-entry.ts';
import { httpListener, ProxyUnderTest } from './proxy-under-test.ts';

/** What this process tells its parent: at the start and at every message. */
export interface LimitedProxyReport {
  readonly port: number;
  readonly accepted: number;
  readonly active: number;
  readonly closed: Readonly<Record<string, number>>;
  /** As a worker's heartbeat has it. */
  readonly residentBytes: number;
}

const proxy = new ProxyUnderTest({ networkProxy: new EchoEntry({ key: '', cert: '' }) });
const probe = new ProcessProbe();
const port = await proxy.smartProxy.openPort(httpListener, '127.0.0.1', { fd: 4 });

function report(): void {
  proxy.assertBooks();
  const { connectionsAccepted: accepted, connectionsActive: active } = proxy.counters.snapshot();
  const { residentBytes } = probe.read();
  process.send?.({ port, accepted, active, closed: proxy.closedReasons(), residentBytes } satisfies LimitedProxyReport);
}

process.on('message', report);
process.on('disconnect', () => process.exit());
report();
