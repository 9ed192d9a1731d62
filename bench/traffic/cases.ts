import { connectionCases } from './connections.ts';
import { modeCases } from './modes.ts';
import { requestCases } from './requests.ts';
import { streamCases } from './streams.ts';
import type { TrafficCase } from './traffic-case.ts';
import { transferCases } from './transfers.ts';

/** Every traffic case in the order in which they run and are shown. */
export const trafficCases: readonly TrafficCase[] = [...requestCases, ...connectionCases, ...transferCases, ...streamCases, ...modeCases];
