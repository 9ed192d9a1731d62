import { nearestName } from '../config/nearest-name.ts';
import { SmartProxyError } from '../errors.ts';
import type { Command } from './command.ts';

/** The error for a command that does not exist, with the one that was probably meant. */
export function unknownCommand(name: string, commands: readonly Command[]): SmartProxyError {
  const names = commands.map((command) => command.name);
  const nearest = nearestName(name, names);
  const advice = nearest === undefined ? `there are ${[...names, 'help'].join(', ')}` : `did you mean ${nearest}?`;
  return new SmartProxyError('CONFIG_INVALID', `Cannot run '${name}': no such command; ${advice}`);
}
