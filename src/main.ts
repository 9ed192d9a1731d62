// The program's entry: a command of the user's, or a worker process that the `run` command started.
import { isatty } from 'node:tty';
import { exitCodes } from './cli/exit-code.ts';
import { StopSignals } from './cli/stop-signals.ts';

// Node opens its inspector at this signal unless somebody listens: whoever may send one could then read keys, or write a heap snapshot.
process.on('SIGUSR1', () => {});

if (process.argv[2] === 'worker') {
  // Loaded apart: a worker knows nothing of Kubernetes, manifests or commands, and starts faster and smaller for it.
  const { runWorker } = await import('./workers/worker-main.ts');
  runWorker();
} else {
  // Before anything is loaded, which takes seconds on a busy machine: process 1 of a container never sees a signal that nobody listens for.
  const stopSignal = process.argv[2] === 'run' ? awaitStopSignal() : undefined;
  const { runMain } = await import('./cli/main.ts');
  const { openTerminal } = await import('./cli/terminal.ts');
  const { lastWritten } = await import('./cli/last-written.ts');
  // Whoever read our output may be gone: serving goes on. The console takes care of the first write that fails, and not of the next.
  const reader = new AbortController();
  process.stdout.on('error', () => reader.abort());
  process.stderr.on('error', () => {});
  const context = {
    env: process.env,
    print: (text: string) => console.log(text),
    note: (line: string) => console.error(line),
    stopSignal,
    openTerminal: process.stdout.isTTY ? () => openTerminal(process.stdout, process.stdin) : undefined,
    readerGone: reader.signal,
    script: import.meta.filename,
  };
  const complain = (line: string): void => console.error(line);
  const status = await runMain(process.argv.slice(2), context, complain);
  // A server does not wait for who reads its output; it would never end where nobody does.
  const unwritten = process.argv[2] === 'run' ? undefined : await lastWritten(process.stdout);
  if (unwritten !== undefined) complain(`Cannot write the output: ${unwritten.message}`);
  // A command that is interrupted may leave something behind that would keep the process alive.
  process.exit(unwritten === undefined ? status : exitCodes.failure.code);
}

function awaitStopSignal(): Promise<NodeJS.Signals> {
  const onImpatience = () => process.exit(exitCodes.failure.code);
  return new StopSignals(process, { onImpatience, hasTerminal: isatty(0) }).received;
}
