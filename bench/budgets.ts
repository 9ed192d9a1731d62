/** Budgets of single figures, by the figure's name, in its unit (DESIGN section 5). */
export const figureBudgets: ReadonlyMap<string, number> = new Map([
  ['smartproxy, plain', 12],
  ['smartproxy, TLS', 56],
]);
