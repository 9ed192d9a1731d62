import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appPort, grpcPort, sinkPort } from './backend.ts';
import { benchHost, grpcPath, manyHosts, type Peer, type PeerProgram, type PeerSetup, uploadPath, webSocketPath } from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';
import { wheelProgram } from './wheel-program.ts';

const httpPort = 18_680;
const httpsPort = 19_043;

function proxyTo(url: string): string {
  return `reverse_proxy ${url} {
    transport http {
      keepalive_idle_conns_per_host 320
    }
  }`;
}

function benchSites(setup: PeerSetup, dir: string): string {
  const routes = `
  ${setup.mode === 'access-log' ? `log {\n    output file ${dir}/access.log {\n      roll_disabled\n    }\n  }` : ''}
  ${setup.mode === 'tracing' ? 'tracing' : ''}
  handle ${uploadPath} {
    ${proxyTo(`127.0.0.1:${sinkPort}`)}
  }
  handle ${webSocketPath} {
    ${proxyTo(`127.0.0.1:${sinkPort}`)}
  }
  handle ${grpcPath}* {
    ${proxyTo(`h2c://127.0.0.1:${grpcPort}`)}
  }
  handle {
    ${proxyTo(`127.0.0.1:${appPort}`)}
  }`;
  return `
http://${benchHost}:${httpPort} {${routes}
}
https://${benchHost}:${httpsPort} {
  tls ${setup.certificateFile} ${setup.keyFile}${routes}
}`;
}

function hostSites(setup: PeerSetup): string {
  const site = (host: string): string => `http://${host}:${httpPort} {\n  ${proxyTo(`127.0.0.1:${appPort}`)}\n}`;
  return `${manyHosts.map(site).join('\n')}
https://${benchHost}:${httpsPort} {
  tls ${setup.certificateFile} ${setup.keyFile}
}`;
}

function configuration(setup: PeerSetup, dir: string): string {
  return `{
  admin off
  auto_https off
  persist_config off
  log {
    output discard
  }
  servers {
    protocols h1 h2
  }
}
${setup.mode === 'many-hosts' ? hostSites(setup) : benchSites(setup, dir)}
`;
}

/** A header for every request, no span kept of any. */
const tracingEnvironment = { OTEL_TRACES_SAMPLER: 'always_off', OTEL_TRACES_EXPORTER: 'none', OTEL_PROPAGATORS: 'tracecontext' };

/** Caddy from PyPI, run on one processor. TLS passthrough takes a plugin. */
export const caddy: PeerProgram = {
  name: 'Caddy',
  async start(setup: PeerSetup): Promise<Peer> {
    const command = await wheelProgram('caddy');
    const dir = join(setup.dir, 'caddy');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'Caddyfile'), configuration(setup, dir));
    const env = {
      GOMAXPROCS: '1',
      XDG_DATA_HOME: dir,
      XDG_CONFIG_HOME: dir,
      ...(setup.mode === 'tracing' ? tracingEnvironment : {}),
    };
    const args = ['run', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'];
    const child = await startProxy({ command, args, ports: [httpPort, httpsPort], env }, setup.mode);
    return { name: 'Caddy', pid: child.pid, httpPort, httpsPort, passthroughPort: undefined, stop: () => stopProcess(child) };
  },
};
