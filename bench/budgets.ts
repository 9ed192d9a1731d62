/** Budgets of single figures, by the figure's name, in its unit (DESIGN section 5). */
export const figureBudgets: ReadonlyMap<string, number> = new Map([
  ['smartproxy, plain', 12],
  ['smartproxy, TLS', 56],
  ['match, 10,000 hosts', 1000],
  ['match, 1 host with 1,000 prefixes', 1000],
]);
