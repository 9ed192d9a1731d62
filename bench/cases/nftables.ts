// Forwarding by the kernel beside our workers and HAProxy. What the kernel spends is not a process's: compare rates.
import { measureInNetwork } from '../l4/measure-in-network.ts';
import type { Effort } from '../measure.ts';
import type { Figure } from '../report.ts';

export const run = (effort: Effort): Promise<readonly Figure[]> => measureInNetwork('nftables', effort);
