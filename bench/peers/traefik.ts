import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { appPort, backendHttpsPort, grpcPort, sinkPort } from './backend.ts';
import {
  benchHost,
  grpcPath,
  manyHosts,
  type Peer,
  type PeerProgram,
  type PeerSetup,
  passthroughHost,
  uploadPath,
  webSocketPath,
} from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';
import { wheelProgram } from './wheel-program.ts';

const httpPort = 18_580;
const httpsPort = 18_943;
const passthroughPort = 18_944;

function staticConfiguration(setup: PeerSetup, dir: string): object {
  const entryPoint = (port: number): object => ({ address: `127.0.0.1:${port}` });
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'ERROR' },
    entryPoints: { http: entryPoint(httpPort), https: entryPoint(httpsPort), passthrough: entryPoint(passthroughPort) },
    providers: { file: { filename: join(dir, 'dynamic.yaml'), watch: false } },
    serversTransport: { maxIdleConnsPerHost: 320 },
    ...(setup.mode === 'access-log' ? { accessLog: { filePath: join(dir, 'access.log') } } : {}),
    // A header for every request, no span kept of any.
    ...(setup.mode === 'tracing' ? { tracing: { sampleRate: 0, otlp: { http: { endpoint: 'http://127.0.0.1:18399/' } } } } : {}),
  };
}

const service = (url: string): object => ({ loadBalancer: { servers: [{ url }] } });

/** A router for plain HTTP and one for TLS. */
function routers(name: string, rule: string, service: string): Record<string, object> {
  return {
    [`${name}-http`]: { entryPoints: ['http'], rule, service },
    [`${name}-https`]: { entryPoints: ['https'], rule, service, tls: {} },
  };
}

function benchRouters(): Record<string, object> {
  const host = `Host(\`${benchHost}\`)`;
  const under = (path: string): string => `${host} && PathPrefix(\`${path}\`)`;
  return {
    ...routers('app', host, 'app'),
    ...routers('upload', under(uploadPath), 'sink'),
    ...routers('websocket', under(webSocketPath), 'sink'),
    ...routers('grpc', under(grpcPath), 'grpc'),
  };
}

function hostRouters(): Record<string, object> {
  const entry = (host: string): [string, object] => [host, { entryPoints: ['http'], rule: `Host(\`${host}\`)`, service: 'app' }];
  return Object.fromEntries(manyHosts.map(entry));
}

function dynamicConfiguration(setup: PeerSetup): object {
  return {
    http: {
      routers: setup.mode === 'many-hosts' ? hostRouters() : benchRouters(),
      services: {
        app: service(`http://127.0.0.1:${appPort}`),
        sink: service(`http://127.0.0.1:${sinkPort}`),
        grpc: service(`h2c://127.0.0.1:${grpcPort}`),
      },
    },
    tcp: {
      routers: {
        passthrough: {
          entryPoints: ['passthrough'],
          rule: `HostSNI(\`${passthroughHost}\`)`,
          service: 'passthrough',
          tls: { passthrough: true },
        },
      },
      services: { passthrough: { loadBalancer: { servers: [{ address: `127.0.0.1:${backendHttpsPort}` }] } } },
    },
    tls: { stores: { default: { defaultCertificate: { certFile: setup.certificateFile, keyFile: setup.keyFile } } } },
  };
}

/** Traefik from PyPI, run on one processor. */
export const traefik: PeerProgram = {
  name: 'Traefik',
  async start(setup: PeerSetup): Promise<Peer> {
    const command = await wheelProgram('traefik');
    const dir = join(setup.dir, 'traefik');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'static.yaml'), stringify(staticConfiguration(setup, dir)));
    writeFileSync(join(dir, 'dynamic.yaml'), stringify(dynamicConfiguration(setup)));
    const args = [`--configFile=${join(dir, 'static.yaml')}`];
    const launch = { command, args, ports: [httpPort, httpsPort, passthroughPort], env: { GOMAXPROCS: '1' } };
    const child = await startProxy(launch, setup.mode);
    return { name: 'Traefik', pid: child.pid, httpPort, httpsPort, passthroughPort, stop: () => stopProcess(child) };
  },
};
