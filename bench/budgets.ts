/** Budgets of single figures, by the figure's name, in its unit (DESIGN section 5). */
export const figureBudgets: ReadonlyMap<string, number> = new Map([
  ['smartproxy, plain', 12],
  ['smartproxy, TLS', 56],
  ['smartproxy, worker at rest', 90],
  ['scrape, event loop held at most', 20],
  ['scrape with an exemplar for each bucket, event loop held at most', 20],
  ['match, 10,000 hosts', 1000],
  ['match, 1 host with 1,000 prefixes', 1000],
  ['match, worst pattern', 5],
  ['match, worst patterns until there are too many', 20],
  ['change: first table of 10,000 Ingresses in all workers', 3000],
  ['change: one Ingress of 10,000 in all workers', 50],
  ['change: one endpoint of 10,000 in all workers', 10],
  ['change: p99 of requests during four changes a second, to that before', 2],
]);
