// The thread in which passwords are checked, one after the other: a bcrypt hash holds a core for tens of milliseconds.
import { parentPort } from 'node:worker_threads';
import { isPasswordOf } from './password-hash.ts';
import type { PasswordQuestion } from './password-thread.ts';

parentPort?.on('message', async ({ password, hash }: PasswordQuestion) => {
  parentPort?.postMessage(await isPasswordOf(password, hash));
});
