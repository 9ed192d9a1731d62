/** One line of the application log: a constant message and its fields (`err` for errors). A pino logger is one. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The application log as parts of the program see it. */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}
