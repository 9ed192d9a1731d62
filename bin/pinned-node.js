// Finds the Node that package.json pins (the `node` package), so that the command works where the machine's own Node is older.
// Plain JavaScript for any Node from 18: this file runs before the pinned one is found.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const minimumMajor = 26;

/** The path of the Node to run with: this one when it is new enough, else the pinned one, else undefined. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= minimumMajor) return process.execPath;
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  return existsSync(pinned) ? pinned : undefined;
}

/** Runs `script` with the pinned Node in the same terminal; signals are passed on and the exit status is taken over. */
export function runPinned(script, args) {
  const node = findNode();
  if (node === undefined) {
    console.error(`Cannot start: Node ${process.version} is too old and the pinned Node ${minimumMajor} is not installed; run "npm ci"`);
    process.exit(1);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', '--disable-sigusr1', script, ...args], { stdio: 'inherit' });
  const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'];
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`Cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
