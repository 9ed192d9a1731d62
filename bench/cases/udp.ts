// UDP sessions beside nginx's stream module, and the kernel.
import { measureInNetwork } from '../l4/measure-in-network.ts';
import type { Effort } from '../measure.ts';
import type { Figure } from '../report.ts';

export const run = (effort: Effort): Promise<readonly Figure[]> => measureInNetwork('udp', effort);
