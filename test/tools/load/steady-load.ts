import { setTimeout as delay } from 'node:timers/promises';
import { Http1Client, Http2Client, type HttpClient } from './http-client.ts';
import type { LaneReport, LoadPlan, LoadReport, LoadTarget, TunnelReport } from './load-plan.ts';
import { TunnelClient } from './tunnel-client.ts';

/** How often a request that was given back is sent again. */
const triesOfOneRequest = 5;

/** What a POST carries: more than one TLS record or HTTP/2 frame. */
const posted = 'x'.repeat(50_000);

interface Lane {
  readonly name: string;
  readonly client: HttpClient;
  readonly path: string;
  readonly body: string;
  /** Requests at the same time. */
  readonly width: number;
}

/** Requests of every kind to every target, until `stop`. */
export async function steadyLoad(plan: LoadPlan, stop: AbortSignal): Promise<LoadReport> {
  const startedMs = Date.now();
  const lanes = plan.targets.flatMap((target, index) => lanesOf(target, plan).map((lane) => ({ ...lane, name: `${lane.name} ${index}` })));
  const tunnels = plan.targets.map((target) => new TunnelClient(target, plan));
  const running = tunnels.map((tunnel) => tunnel.run(stop));
  const reports = await Promise.all(lanes.map((lane) => runLane(lane, plan.pauseMs, startedMs, stop)));
  await Promise.all(running);
  return { seconds: (Date.now() - startedMs) / 1000, lanes: reports, tunnels: sum(tunnels.map(({ report }) => report)) };
}

function lanesOf(target: LoadTarget, plan: LoadPlan): readonly Lane[] {
  const http1 = (secure: boolean, keepAlive: boolean) => new Http1Client(target, plan, { secure, keepAlive });
  const http2 = (keepAlive: boolean) => new Http2Client(target, plan, { keepAlive });
  const slow = `/slow/${plan.slowMs}`;
  return [
    { name: 'HTTP/1.1, new connections', client: http1(false, false), path: '/', body: '', width: 1 },
    { name: 'HTTP/1.1, kept connection', client: http1(false, true), path: '/', body: '', width: 1 },
    { name: 'HTTP/1.1, kept connection, slow', client: http1(false, true), path: slow, body: '', width: 1 },
    { name: 'HTTP/1.1 over TLS, new connections', client: http1(true, false), path: '/', body: '', width: 1 },
    { name: 'HTTP/1.1 over TLS, kept connection', client: http1(true, true), path: '/', body: '', width: 1 },
    { name: 'HTTP/1.1, kept connection, POST', client: http1(false, true), path: '/', body: posted, width: 1 },
    { name: 'HTTP/2, kept connection, POST', client: http2(true), path: '/', body: posted, width: 2 },
    { name: 'HTTP/2, new connections', client: http2(false), path: '/', body: '', width: 1 },
    { name: 'HTTP/2, kept connection', client: http2(true), path: '/', body: '', width: 4 },
    { name: 'HTTP/2, kept connection, slow', client: http2(true), path: slow, body: '', width: 2 },
  ];
}

async function runLane(
  { name, client, path, body, width }: Lane,
  pauseMs: number,
  startedMs: number,
  stop: AbortSignal,
): Promise<LaneReport> {
  let requests = 0;
  let givenBack = 0;
  const failures: string[] = [];
  const askOnce = async (): Promise<void> => {
    const asked = `${path}?${++requests}`;
    for (let left = triesOfOneRequest; left > 0; left--) {
      const outcome = await client.ask(asked, body);
      if (outcome.kind === 'given-back') {
        givenBack++;
        continue;
      }
      const problem = outcome.kind === 'failure' ? outcome.why : problemOf(outcome.status, outcome.body, asked, body.length);
      if (problem !== undefined) failures.push(`${((Date.now() - startedMs) / 1000).toFixed(1)} s: ${name}: ${problem}`);
      return;
    }
    failures.push(`${name}: given back ${triesOfOneRequest} times`);
  };
  const strand = async (): Promise<void> => {
    while (!stop.aborted) {
      await askOnce();
      await delay(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: width }, strand));
  client.close();
  return { name, requests, connections: client.connections, givenBack, failures };
}

function problemOf(status: number, answer: string, asked: string, bytes: number): string | undefined {
  if (status !== 200) return `status ${status}: ${answer.slice(0, 200)}`;
  const seen = JSON.parse(answer) as { path: string; bytes: number };
  if (seen.path !== asked) return `the answer of another request: ${answer.slice(0, 200)}`;
  return seen.bytes === bytes ? undefined : `${seen.bytes} of ${bytes} bytes came to the backend`;
}

function sum(reports: readonly TunnelReport[]): TunnelReport {
  return {
    opened: reports.reduce((total, { opened }) => total + opened, 0),
    messages: reports.reduce((total, { messages }) => total + messages, 0),
    ended: reports.reduce((total, { ended }) => total + ended, 0),
    failures: reports.flatMap(({ failures }) => failures),
  };
}
