import { destination, type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../config/config.ts';

/** The application log: JSON lines on standard error, written at once, so that the last words of a dying process are there. */
export function createLog(level: Config['logLevel']): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: stdSerializers.err } };
  return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, destination({ dest: 2, sync: true }));
}
