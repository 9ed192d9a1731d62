import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal that a view is drawn on, over and over. */
export interface Terminal {
  readonly rows: number;
  readonly columns: number;
  /** Draws a view in place of the last one. */
  draw(text: string): void;
  /** Resolves when who looks has had enough: q, Ctrl-C or a signal. */
  readonly left: Promise<void>;
  /** Gives the terminal back as it was. */
  close(): void;
}

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearRest = '\x1b[J';
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Takes over a terminal: another screen, no cursor, keys at once. `close` undoes that, and is to be called in every ending.
 * @param input keys are read from it where it is a terminal, too
 */
export function openTerminal(output: WriteStream, input: ReadStream): Terminal {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const onKeys = (keys: Buffer): void => {
    if (/[q\x03\x04]/i.test(keys.toString('latin1'))) resolve();
  };
  const onSignal = (): void => resolve();
  for (const signal of signals) process.on(signal, onSignal);
  if (input.isTTY) {
    input.setRawMode(true);
    input.on('data', onKeys);
  }
  output.write(enter);
  return {
    left,
    get rows() {
      return output.rows;
    },
    get columns() {
      return output.columns;
    },
    draw(text) {
      output.write(`${home}${text.replaceAll('\n', `${clearLine}\r\n`)}${clearLine}${clearRest}`);
    },
    close() {
      for (const signal of signals) process.off(signal, onSignal);
      if (input.isTTY) {
        input.off('data', onKeys);
        input.setRawMode(false);
        input.pause();
      }
      output.write(leave);
    },
  };
}
