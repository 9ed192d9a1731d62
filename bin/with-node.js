#!/usr/bin/env node
// `node bin/with-node.js SCRIPT [ARG ...]` runs a script of this repository with the pinned Node.
import { runPinned } from './pinned-node.js';

runPinned(process.argv[2], process.argv.slice(3));
