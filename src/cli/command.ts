import type { Terminal } from './terminal.ts';

/** What a command may use of the process, so that it can be tried without one. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For results. */
  readonly print: (text: string) => void;
  /** For what should be known beside results: standard error. */
  readonly note?: ((line: string) => void) | undefined;
  /** Takes over the terminal to draw on it; undefined: results do not go to one. */
  readonly openTerminal?: (() => Terminal) | undefined;
  /** Resolves to the signal that is to end a command that runs until then. @default none comes */
  readonly stopSignal?: Promise<NodeJS.Signals> | undefined;
  /** Aborts when nobody reads results any more, as below `head`. */
  readonly readerGone?: AbortSignal | undefined;
  /** The script that this process runs: what worker processes are started from. */
  readonly script: string;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything that `--help` prints. @param args those of the command, for one that runs others */
  readonly help: (args: readonly string[]) => string;
  /** Whether it asks a running program when it is called so. @default never */
  readonly asksProgram?: (args: readonly string[]) => boolean;
  /** Resolves to the exit status; throws SmartProxyError for what the user can mend. */
  readonly run: (args: readonly string[], context: CommandContext) => Promise<number>;
}
