import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const pieceBytes = 4 * 1024 * 1024;

/** What of the kernel's own is mapped into every process, and can't be read as a file. */
const kernels = /\[(?:vvar|vdso|vsyscall|vvar_vclock)\]$/;

/** Which of `needles`, by name, are anywhere in the memory of a process: heap, stacks, buffers and mapped files. Takes the right to trace it. */
export function foundInMemory(pid: number, needles: ReadonlyMap<string, Buffer>): ReadonlySet<string> {
  const found = new Set<string>();
  const overlap = Math.max(...[...needles.values()].map(({ length }) => length)) - 1;
  const piece = Buffer.allocUnsafe(pieceBytes + overlap);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const [from, to] of readableRegions(pid)) {
      for (let at = from; at < to; at += pieceBytes) {
        const wanted = Math.min(piece.length, to - at);
        const bytes = piece.subarray(0, readAt(memory, piece, wanted, at));
        for (const [name, needle] of needles) if (!found.has(name) && bytes.includes(needle)) found.add(name);
      }
    }
  } finally {
    closeSync(memory);
    piece.fill(0);
  }
  return found;
}

function readableRegions(pid: number): readonly (readonly [from: number, to: number])[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
    if (from === undefined || to === undefined || kernels.test(line)) return [];
    return [[Number.parseInt(from, 16), Number.parseInt(to, 16)] as const];
  });
}

/** A region that went away between listing and reading has nothing. */
function readAt(memory: number, into: Buffer, length: number, position: number): number {
  try {
    return readSync(memory, into, 0, length, position);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EIO' || code === 'EFAULT') return 0;
    throw error;
  }
}
