#!/usr/bin/env node
// The command. In a checkout it runs the TypeScript sources as they are; a package or image carries one bundle in dist/.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNode, runPinned } from './pinned-node.js';

const bundle = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const main = existsSync(source) ? source : bundle;

if (findNode() === process.execPath) {
  process.argv.splice(1, 1, main);
  await import(main);
} else {
  runPinned(main, process.argv.slice(2));
}
