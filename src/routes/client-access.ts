import { AddressList } from '../address-list.ts';
import type { ClientAccess, Policy } from './route-table.ts';

interface CompiledAccess {
  readonly allow: AddressList;
  readonly deny: AddressList;
}

const compiled = new WeakMap<ClientAccess, CompiledAccess>();

/** Whether a policy lets a client in. @param address in plain form, see `plainAddress` */
export function isClientAllowed({ clients }: Pick<Policy, 'clients'>, address: string): boolean {
  if (clients === undefined) return true;
  let access = compiled.get(clients);
  if (access === undefined)
    compiled.set(clients, (access = { allow: new AddressList(clients.allow), deny: new AddressList(clients.deny) }));
  return !access.deny.has(address) && (access.allow.isEmpty || access.allow.has(address));
}
