/** Upper bounds in seconds for building a table and for applying it in a worker: from one endpoint to 10,000 Ingresses. */
export const tableApplyBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;
