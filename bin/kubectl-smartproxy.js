#!/usr/bin/env node
// The plugin of kubectl: on the PATH, `kubectl smartproxy COMMAND` runs this.
process.argv.splice(2, 0, 'kubectl');
await import('./smartproxy-ingress.js');
