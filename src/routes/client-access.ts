import { AddressList } from '../address-list.ts';
import type { ClientAccess, Policy } from './policy.ts';

interface CompiledAccess {
  readonly allow: AddressList;
  readonly deny: AddressList;
}

const compiled = new WeakMap<ClientAccess, CompiledAccess>();

/** Whether a policy lets a client in. @param address in plain form, see `plainAddress` */
export function isClientAllowed({ clients }: Pick<Policy, 'clients'>, address: string): boolean {
  if (clients === undefined) return true;
  const { allow, deny } = compile(clients);
  return !deny.has(address) && (allow.isEmpty || allow.has(address));
}

/** Whether a policy keeps a client out whatever else may let it in. @param address in plain form, see `plainAddress` */
export function isClientDenied({ clients }: Pick<Policy, 'clients'>, address: string): boolean {
  return clients !== undefined && compile(clients).deny.has(address);
}

function compile(clients: ClientAccess): CompiledAccess {
  let access = compiled.get(clients);
  if (access === undefined)
    compiled.set(clients, (access = { allow: new AddressList(clients.allow), deny: new AddressList(clients.deny) }));
  return access;
}

const lists = new WeakMap<readonly string[], AddressList>();

/** Whether one of `networks`, a list of the table, has an address. @param address in plain form, see `plainAddress` */
export function isListed(networks: readonly string[], address: string): boolean {
  let list = lists.get(networks);
  if (list === undefined) lists.set(networks, (list = new AddressList(networks)));
  return list.has(address);
}
