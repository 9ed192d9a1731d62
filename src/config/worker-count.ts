import { availableParallelism } from 'node:os';
import type { Config } from './config.ts';

/** What the container gives us; tests pass their own. */
export interface Room {
  readonly cpus: number;
  /** The container's memory limit; without one 0, or more than any machine has. */
  readonly memoryLimitBytes: number;
}

const mib = 1024 * 1024;
/** What the main process needs, and what is left to the kernel: docs/operations.md has what was measured. */
const mainBytes = 128 * mib;
/** 75 MiB at rest, and some room for connections. */
const workerBytes = 100 * mib;

/** The room of this container. */
export function roomHere(): Room {
  return { cpus: availableParallelism(), memoryLimitBytes: process.constrainedMemory() };
}

/**
 * How many slots for workers there are: as `--workers` says, else one for each CPU, and no more than the memory limit has room for. A pod
 * without a CPU limit has all CPUs of its node, and would be killed at its start.
 */
export function workerCount(config: Pick<Config, 'workers' | 'networkProxyTransport'>, room: Room = roomHere()): number {
  if (config.workers !== undefined) return config.workers;
  const { cpus, memoryLimitBytes } = room;
  if (memoryLimitBytes <= 0) return cpus;
  // Over loopback a slot has a process for connections and one for TLS and HTTP.
  const slotBytes = workerBytes * (config.networkProxyTransport === 'loopback' ? 2 : 1);
  return Math.max(1, Math.min(cpus, Math.floor((memoryLimitBytes - mainBytes) / slotBytes)));
}
