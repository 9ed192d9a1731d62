import type { RouteTable } from '../routes/route-table.ts';

/**
 * The table that workers get: without an https listener nobody ends TLS, so no private key for that leaves the main process. Those of
 * client certificates do, with the services whose backends ask for them.
 */
export function tableForWorkers(table: RouteTable): RouteTable {
  for (const listener of table.listeners.values()) if (listener.protocol === 'https') return table;
  return table.certificates.size === 0 ? table : { ...table, certificates: new Map() };
}
