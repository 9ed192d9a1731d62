import type { OutlierDetection } from '../routes/service.ts';
import type { EndpointRuntime } from './endpoint-runtime.ts';

/** What holds where a service says nothing. */
export const defaultOutlierDetection: OutlierDetection = {
  connectFailures: 5,
  errors: 0,
  ejectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
};

/** A connect succeeded: what was ejected because none did is back at once. True: it was. */
export function noteConnect(endpoint: EndpointRuntime): boolean {
  endpoint.consecutiveFailures = 0;
  if (endpoint.ejectedFor !== 'connect_failures') return false;
  endpoint.ejectedFor = undefined;
  endpoint.ejections = 0;
  endpoint.ejectedUntilMs = 0; // it may still run: the connect began before, or only ejected endpoints were left
  return true;
}

/** A good answer: it begins anew, unless it is out and this is the answer to a request from before. */
export function noteAnswer(endpoint: EndpointRuntime, nowMs: number): void {
  endpoint.consecutiveErrors = 0;
  if (endpoint.ejectedFor !== 'errors' || endpoint.ejectedUntilMs > nowMs) return;
  endpoint.ejectedFor = undefined;
  endpoint.ejections = 0;
}

/** Counts a failure. True: they are enough for an ejection. */
export function countFailure(
  endpoint: EndpointRuntime,
  why: 'connect_failures' | 'errors',
  rules: OutlierDetection,
  nowMs: number,
): boolean {
  if (endpoint.ejectedUntilMs > nowMs) return false;
  if (why === 'connect_failures') return ++endpoint.consecutiveFailures >= rules.connectFailures;
  return ++endpoint.consecutiveErrors >= rules.errors;
}

/** Takes an endpoint out; each time in a row for longer. */
export function eject(endpoint: EndpointRuntime, why: 'connect_failures' | 'errors', rules: OutlierDetection, nowMs: number): void {
  endpoint.consecutiveFailures = 0;
  endpoint.consecutiveErrors = 0;
  endpoint.ejections++;
  endpoint.ejectedFor = why;
  endpoint.ejectedUntilMs = nowMs + Math.min(endpoint.ejections * rules.ejectionMs, rules.maxEjectionMs);
}
