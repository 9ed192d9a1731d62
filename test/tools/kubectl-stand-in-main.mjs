// What the plugin needs of kubectl, for tests of how it is called and ended: lists are files, and a forward leads to the port in the environment.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const folder = process.env.STAND_IN_FOLDER;
const args = process.argv.slice(2);
appendFileSync(join(folder, 'calls'), `${args.join(' ')}\n`);

function fail(message) {
  console.error(message);
  process.exit(1);
}

function list(name) {
  try {
    process.stdout.write(readFileSync(join(folder, `${name}.json`)));
  } catch {
    fail(`Error from server (Forbidden): ${name} is forbidden: User "u" cannot list resource "${name}"`);
  }
}

function forward() {
  if (process.env.STAND_IN_PORT === undefined) fail('error: unable to forward port because pod is not running');
  writeFileSync(join(folder, 'forward-pid'), String(process.pid));
  const server = createServer((client) => {
    const pod = connect(Number(process.env.STAND_IN_PORT), '127.0.0.1');
    client.pipe(pod).pipe(client);
    for (const [one, other] of [
      [client, pod],
      [pod, client],
    ]) {
      one.on('error', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(`Forwarding from 127.0.0.1:${server.address().port} -> 10255`));
}

if (args.includes('pods')) list('pods');
else if (args.includes('leases.coordination.k8s.io')) list('leases');
else if (args.includes('port-forward')) forward();
