import { open } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { type ConntrackEntry, readConntrackLine } from './conntrack-entry.ts';
import { type Program, runProgram } from './run-program.ts';
import type { StaleConnections } from './stale-connections.ts';

const chunkBytes = 64 * 1024;
/** About 400,000 connections; a machine that tracks more shows those that come first. */
const maxBytes = 64 * 1024 * 1024;

/** What the kernel tracks, and the program `conntrack` that makes it forget. */
export class Conntrack {
  readonly #file: string;
  readonly #program: Program;

  constructor(file = '/proc/net/nf_conntrack', command = 'conntrack') {
    this.#file = file;
    this.#program = { command, timeoutMs: 10_000, maxOutputBytes: 32 * 1024 * 1024 };
  }

  /** Shows every TCP and UDP connection to `visit`, a piece of the list at a time. False: this kernel does not show them to us. */
  async each(visit: (entry: ConntrackEntry) => void): Promise<boolean> {
    const file = await open(this.#file).catch(() => undefined);
    if (file === undefined) return await this.#askProgram(visit);
    await using _ = file;
    const buffer = Buffer.alloc(chunkBytes);
    let rest = '';
    for (let total = 0; total < maxBytes; ) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) break;
      total += bytesRead;
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = readConntrackLine(line);
        if (entry !== undefined) visit(entry);
      }
    }
    return true;
  }

  /** A kernel without the file shows the same by netlink, as long as it is not more than the program may say. */
  async #askProgram(visit: (entry: ConntrackEntry) => void): Promise<boolean> {
    for (const family of ['ipv4', 'ipv6']) {
      const result = await runProgram(this.#program, ['-L', '-f', family, '-o', 'extended']).catch(() => undefined);
      if (result?.code !== 0) return false;
      for (const line of result.stdout.split('\n')) {
        const entry = readConntrackLine(line);
        if (entry !== undefined) visit(entry);
      }
    }
    return true;
  }

  /**
   * Forgets every connection that was dialled and is answered alike, of one client where there is one: its next packet meets the rules as a
   * new one does. Rejects when there is no such program, or it fails otherwise than by finding none.
   */
  async forget({ protocol, dialled, answering, client }: StaleConnections): Promise<void> {
    const family = isIPv4(dialled.address) ? 'ipv4' : 'ipv6';
    const where = ['--orig-dst', dialled.address, '--orig-port-dst', String(dialled.port)];
    const who = ['--reply-src', answering.address, '--reply-port-src', String(answering.port)];
    const whose = client === undefined ? [] : ['--orig-src', client];
    const { code, stderr } = await runProgram(this.#program, ['-D', '-f', family, '-p', protocol, ...where, ...who, ...whose]);
    if (code !== 0 && !stderr.includes('0 flow entries')) throw new Error(`conntrack: ${stderr.trim().slice(0, 200)}`);
  }
}
