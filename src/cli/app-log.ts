import { destination, type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../config/config.ts';

/** Bytes of lines that wait for an output that takes none; more are lost. */
const maxWaitingBytes = 256 * 1024;

/** The application log: JSON lines on standard error, written at once, so that the last words of a dying process are there. */
export function createLog(level: Config['logLevel']): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: stdSerializers.err } };
  // A full disk, or a pipe that nobody reads, costs lines. Without this the first would end the process, and the second stop it.
  const output = destination({ dest: 2, sync: true, maxLength: maxWaitingBytes, retryEAGAIN: () => false });
  output.on('error', () => {});
  return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, output);
}
