import { maxTimeoutMs } from './timer-wheel.ts';

/**
 * A time limit spread by ±5 %, so that what began together does not end together (lesson 32). Never over what a timer takes: Node would fire it at
 * once (lesson 31).
 * @param random in [0, 1)
 */
export function jittered(ms: number, random: number): number {
  return Math.min(ms * (0.95 + random * 0.1), maxTimeoutMs);
}
