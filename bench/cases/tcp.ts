// TCP by listener, passed through by server name, and with PROXY headers in and out: bytes and new connections, beside HAProxy.
import { measureInNetwork } from '../l4/measure-in-network.ts';
import type { Effort } from '../measure.ts';
import type { Figure } from '../report.ts';

export const run = (effort: Effort): Promise<readonly Figure[]> => measureInNetwork('tcp', effort);
