import type { OptionsOf } from '../option-spec.ts';
import {
  choice,
  cidr,
  duration,
  integer,
  list,
  objectName,
  onOff,
  optional,
  redisAddress,
  size,
  sizeAtLeast,
  text,
} from '../value-types.ts';

const count = integer(0, 1_000_000_000);

/** Limits and time limits of connections, and what holds a worker together under load. */
export const connectionsOptions: OptionsOf<
  | 'http2'
  | 'h2c'
  | 'firstByteTimeoutMs'
  | 'handshakeTimeoutMs'
  | 'maxHandshakes'
  | 'unknownServerName'
  | 'ticketKeyRotationMs'
  | 'ticketKeySecret'
  | 'headerTimeoutMs'
  | 'bodyTimeoutMs'
  | 'keepAliveTimeoutMs'
  | 'keepAliveRequests'
  | 'maxConnectionLifetimeMs'
  | 'maxConnections'
  | 'maxConnectionsPerIp'
  | 'connectionRatePerMinute'
  | 'maxUdpSessions'
  | 'allowCidrs'
  | 'denyCidrs'
  | 'maxHeaderBytes'
  | 'maxHeaders'
  | 'upstreamIdlePerEndpoint'
  | 'upstreamIdleTimeoutMs'
  | 'maxConnectionsPerEndpoint'
  | 'maxBufferedBytes'
  | 'redisUrl'
  | 'redisUsername'
  | 'redisPasswordFile'
  | 'redisCaFile'
  | 'redisTimeoutMs'
  | 'overloadMemoryPercent'
  | 'overloadDelayMs'
> = {
  http2: {
    flag: 'http2',
    group: 'Connections',
    value: onOff,
    default: () => true,
    doc: 'Offer HTTP/2 to TLS clients (by ALPN, before HTTP/1.1).',
  },
  h2c: {
    flag: 'h2c',
    group: 'Connections',
    value: onOff,
    default: () => false,
    doc: 'Take HTTP/2 on the plain HTTP port from clients that begin with it (prior knowledge).',
  },
  firstByteTimeoutMs: {
    flag: 'first-byte-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: 'Time from accept to the first byte of a client.',
  },
  handshakeTimeoutMs: {
    flag: 'handshake-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: 'Time for the TLS handshake, ClientHello included.',
  },
  maxHandshakes: {
    flag: 'max-handshakes',
    group: 'Connections',
    value: count,
    default: () => 500,
    doc: 'TLS handshakes under way at a time in one worker; further ones wait unread, eight for each. 0: no limit.',
  },
  unknownServerName: {
    flag: 'unknown-server-name',
    group: 'Connections',
    value: choice('default-certificate', 'refuse'),
    default: () => 'default-certificate',
    doc: 'What TLS clients get that name no host with TLS, or none at all: the default certificate, or an alert.',
  },
  ticketKeyRotationMs: {
    flag: 'ticket-key-rotation',
    group: 'Connections',
    value: duration,
    default: () => 12 * 3_600_000,
    doc: 'How often the key of TLS session tickets is replaced; tickets of the one before are read for as long again. off: never while the process runs.',
  },
  ticketKeySecret: {
    flag: 'ticket-key-secret',
    group: 'Connections',
    value: optional(objectName, 'none'),
    default: () => undefined,
    doc: "Secret in the pod's namespace through which replicas share these keys, so that a session resumes in any of them; the leader makes and rotates them. Takes the right to write it: docs/rbac.md.",
  },
  headerTimeoutMs: {
    flag: 'header-timeout',
    group: 'Connections',
    value: duration,
    default: () => 10_000,
    doc: "Time from a request's first byte to the end of its header.",
  },
  bodyTimeoutMs: {
    flag: 'body-timeout',
    group: 'Connections',
    value: duration,
    default: () => 60_000,
    doc: 'Time between two reads of a request body, or two writes to a client, that make progress.',
  },
  keepAliveTimeoutMs: {
    flag: 'keep-alive-timeout',
    group: 'Connections',
    value: duration,
    default: () => 75_000,
    doc: 'Time between two requests on one connection.',
  },
  keepAliveRequests: {
    flag: 'keep-alive-requests',
    group: 'Connections',
    value: count,
    default: () => 1000,
    doc: 'Requests on one connection; 0: no limit.',
  },
  maxConnectionLifetimeMs: {
    flag: 'max-connection-lifetime',
    group: 'Connections',
    value: duration,
    default: () => 0,
    doc: 'Age at which a connection is ended, busy or not.',
  },
  maxConnections: {
    flag: 'max-connections',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Open client connections in the pod; 0: no limit.',
  },
  maxConnectionsPerIp: {
    flag: 'max-connections-per-ip',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Open connections from one address in the pod; 0: no limit.',
  },
  connectionRatePerMinute: {
    flag: 'connection-rate',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'New connections a minute from one address in the pod, and with --redis-url in all replicas together; so many UDP sessions too, in the pod. 0: no limit.',
  },
  maxUdpSessions: {
    flag: 'max-udp-sessions',
    group: 'Connections',
    value: count,
    default: () => 8192,
    doc: 'UDP sessions, one for each address and port of a client, at a time in one worker; each takes a file descriptor. 0: no limit.',
  },
  allowCidrs: {
    flag: 'allow-cidrs',
    group: 'Connections',
    value: list(cidr),
    default: () => [],
    defaultText: 'everybody',
    doc: 'The only clients that may connect.',
  },
  denyCidrs: {
    flag: 'deny-cidrs',
    group: 'Connections',
    value: list(cidr),
    default: () => [],
    defaultText: 'nobody',
    doc: 'Clients that may not connect, even when allowed above.',
  },
  maxHeaderBytes: {
    flag: 'max-header-size',
    group: 'Connections',
    value: sizeAtLeast(1024),
    default: () => 16 * 1024,
    doc: 'Largest header of a request. That of an answer may have 64 KiB.',
  },
  maxHeaders: {
    flag: 'max-headers',
    group: 'Connections',
    value: integer(1, 10_000),
    default: () => 100,
    doc: 'Most header fields in a request. An answer may have 256.',
  },
  upstreamIdlePerEndpoint: {
    flag: 'upstream-idle-per-endpoint',
    group: 'Connections',
    value: integer(0, 100_000),
    default: () => 256,
    doc: 'Idle connections that one worker keeps to one endpoint; 0: none.',
  },
  upstreamIdleTimeoutMs: {
    flag: 'upstream-idle-timeout',
    group: 'Connections',
    value: duration,
    default: () => 55_000,
    doc: "How long they are kept: below the backend's own time, so that it does not close first.",
  },
  maxConnectionsPerEndpoint: {
    flag: 'max-connections-per-endpoint',
    group: 'Connections',
    value: count,
    default: () => 0,
    doc: 'Connections of one worker to one endpoint; 0: no limit.',
  },
  maxBufferedBytes: {
    flag: 'max-buffered',
    group: 'Connections',
    value: optional(size, 'auto'),
    default: () => undefined,
    defaultText: "a quarter of the worker's share of the memory limit",
    doc: 'Bytes that one worker holds for peers that do not take them; over it, what has waited longest is given up.',
  },
  redisUrl: {
    flag: 'redis-url',
    group: 'Connections',
    value: optional(redisAddress, 'none'),
    default: () => undefined,
    doc: 'Redis through which replicas share the rate limits of routes and --connection-rate: redis://host:6379/0, or rediss: for TLS. While it does not answer, the limits hold for each pod.',
  },
  redisUsername: {
    flag: 'redis-username',
    group: 'Connections',
    value: optional(text('NAME', 'a name'), 'none'),
    default: () => undefined,
    doc: 'User for --redis-url (ACL); none: the default one.',
  },
  redisPasswordFile: {
    flag: 'redis-password-file',
    group: 'Connections',
    value: optional(text('FILE', 'a path'), 'none'),
    default: () => undefined,
    doc: 'File with the password for --redis-url, read at every connect.',
  },
  redisCaFile: {
    flag: 'redis-ca-file',
    group: 'Connections',
    value: optional(text('FILE', 'a path'), 'none'),
    default: () => undefined,
    doc: 'File with the CAs (PEM) that verify the certificate of a rediss: server, read at every connect; none: the public ones.',
  },
  redisTimeoutMs: {
    flag: 'redis-timeout',
    group: 'Connections',
    value: duration,
    default: () => 100,
    doc: 'How long a request or connection waits for Redis; then the limits of the pod decide.',
  },
  overloadMemoryPercent: {
    flag: 'overload-memory',
    group: 'Connections',
    value: integer(0, 100),
    default: () => 95,
    doc: "Percent of the pod's memory limit (or of a worker's heap) from which new requests are answered 503; connections are not kept from 10 less. 0: off.",
  },
  overloadDelayMs: {
    flag: 'overload-delay',
    group: 'Connections',
    value: duration,
    default: () => 1000,
    doc: "Delay of a worker's event loop, for seconds in a row, from which new requests are answered 503; connections are not kept from a quarter of it.",
  },
};
