import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { PeerProgram } from './peer.ts';
import { smartproxy } from './smartproxy.ts';
import { traefik } from './traefik.ts';

/** Every proxy that the benchmark knows, this project last. */
export const peerPrograms: readonly PeerProgram[] = [nginx, haproxy, envoy, traefik, caddy, smartproxy];
