// Preloaded (`node --import`) into each process of the program: times every turn of its event loop, and tells the longest since it was
// last asked, in milliseconds, to whoever connects to the UNIX socket BENCH_TURNS/PID.
import { createServer } from 'node:net';
import { join } from 'node:path';

let longestMs = 0;
let lastCpuMs = 0;
let lastClockMs = performance.now();

/**
 * Runs once a turn. It keeps the loop spinning, so that a turn never contains waiting. A turn took at most its time on the clock, in
 * which other processes may have run, and at most its CPU time, which some kernels count in steps of milliseconds.
 */
function nextTurn(): void {
  const { user, system } = process.threadCpuUsage();
  const cpuMs = (user + system) / 1000;
  const clockMs = performance.now();
  longestMs = Math.max(longestMs, Math.min(cpuMs - lastCpuMs, clockMs - lastClockMs));
  lastCpuMs = cpuMs;
  lastClockMs = clockMs;
  setImmediate(nextTurn);
}

const folder = process.env.BENCH_TURNS;
if (folder !== undefined) {
  const server = createServer((socket) => {
    socket.end(String(longestMs));
    longestMs = 0;
  });
  server.listen(join(folder, String(process.pid))).unref();
  setImmediate(nextTurn);
}
