// A test file whose tests end, but which a process of theirs keeps alive.
import { spawn } from 'node:child_process';
import { test } from 'node:test';

test('it begins a process', () => {
  spawn('sleep', ['60'], { stdio: ['ignore', 'pipe', 'pipe'] });
});
