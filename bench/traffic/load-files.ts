import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageFrame } from '../grpc-message.ts';
import { unaryMessageBytes } from '../peers/backend.ts';
import { manyHosts } from '../peers/peer.ts';
import type { LoadFiles } from './traffic-case.ts';

/** Neighbours in time are far apart in the list; coprime to its length, so that every host has its turn. */
const hostStep = 7919;

const hostScript = `
local requests, at = {}, 0
function init()
  for index = 0, ${manyHosts.length - 1} do
    requests[index] = wrk.format('GET', '/', { Host = 'host-' .. index .. '.bench.test' })
  end
end
function request()
  at = (at + ${hostStep}) % ${manyHosts.length}
  return requests[at]
end
`;

/** Writes what load generators read into `dir`. */
export function writeLoadFiles(dir: string, bulkFile: string): LoadFiles {
  const messageFile = join(dir, 'message');
  const manyHostsScript = join(dir, 'many-hosts.lua');
  writeFileSync(messageFile, messageFrame(unaryMessageBytes));
  writeFileSync(manyHostsScript, hostScript);
  return { bulkFile, messageFile, manyHostsScript };
}
