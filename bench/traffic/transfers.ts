import { transfers } from '../load-curl.ts';
import type { Load } from '../measure.ts';
import { bulkBytes, bulkPath, chunkedBulkPath } from '../peers/backend.ts';
import { type Peer, passthroughHost, uploadPath } from '../peers/peer.ts';
import { type LoadFiles, plainUrl, type TrafficCase, tlsUrl } from './traffic-case.ts';

const gib = 1024 ** 3;

function download(url: string, ...args: readonly string[]): Load {
  return async (seconds) => (await transfers({ url, seconds, bytes: bulkBytes, arguments: args })) / gib;
}

function upload(url: string, uploadFile: string, ...args: readonly string[]): Load {
  return async (seconds) => (await transfers({ url, seconds, bytes: bulkBytes, uploadFile, arguments: args })) / gib;
}

function transfer(name: string, loadFor: (peer: Peer, files: LoadFiles) => Load): TrafficCase {
  return { name, unit: 'GiB', mode: 'base', judge: 'nginx', twoThirds: true, loadFor };
}

function passthrough({ name, passthroughPort: port }: Peer): Load | string {
  if (port === undefined) return `${name} as packaged has no TLS passthrough`;
  return download(`https://${passthroughHost}:${port}${bulkPath}`, '--resolve', `${passthroughHost}:${port}:127.0.0.1`);
}

const chunked = ['-H', 'Transfer-Encoding: chunked'];

/** Large bodies, one after the other. */
export const transferCases: readonly TrafficCase[] = [
  {
    name: 'passthrough',
    unit: 'GiB',
    mode: 'base',
    judge: 'HAProxy',
    budget: { gate: 1.1, stretch: 1 },
    twoThirds: false,
    loadFor: passthrough,
  },
  transfer('download', (peer) => download(plainUrl(peer, bulkPath))),
  transfer('download-tls-chunked', (peer) => download(tlsUrl(peer, chunkedBulkPath), '--http1.1')),
  transfer('download-http2', (peer) => download(tlsUrl(peer, bulkPath), '--http2')),
  transfer('upload', (peer, { bulkFile }) => upload(plainUrl(peer, uploadPath), bulkFile)),
  transfer('upload-tls-chunked', (peer, { bulkFile }) => upload(tlsUrl(peer, uploadPath), bulkFile, '--http1.1', ...chunked)),
  transfer('upload-http2', (peer, { bulkFile }) => upload(tlsUrl(peer, uploadPath), bulkFile, '--http2')),
];
