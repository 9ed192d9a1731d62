import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { CommandContext } from '../../src/cli/command.ts';
import { runMain } from '../../src/cli/main.ts';

/** What became of a command. */
export interface Ran {
  readonly code: number;
  /** What it printed, and what it complained of. */
  readonly output: string;
  readonly complaint: string;
  /** What it said beside. */
  readonly notes: string;
}

/** A command in this process, as `main.ts` runs it. */
export async function ran(...args: readonly string[]): Promise<Ran> {
  const printed: string[] = [];
  const complaints: string[] = [];
  const notes: string[] = [];
  const context: CommandContext = { env: {}, print: (text) => printed.push(text), note: (line) => notes.push(line), script: '' };
  const code = await runMain(args, context, (line) => complaints.push(line));
  return { code, output: printed.join('\n'), complaint: complaints.join('\n'), notes: notes.join('\n') };
}

/** A port of this machine on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
