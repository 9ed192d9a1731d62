import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appPort, backendHttpsPort, grpcPort, sinkPort } from './backend.ts';
import { grpcPath, manyHosts, type Peer, type PeerProgram, type PeerSetup, passthroughHost, uploadPath, webSocketPath } from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';
import { wheelProgram } from './wheel-program.ts';

const httpPort = 18_480;
const httpsPort = 18_843;
const passthroughPort = 18_844;
/** Spans would go here if any were kept; nobody listens. */
const collectorPort = 18_399;

const type = (name: string): { '@type': string } => ({ '@type': `type.googleapis.com/envoy.${name}` });
const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });

const http2Options = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    ...type('extensions.upstreams.http.v3.HttpProtocolOptions'),
    explicit_http_config: { http2_protocol_options: {} },
  },
};

function cluster(name: string, port: number, http2 = false): object {
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }] },
    ...(http2 ? { typed_extension_protocol_options: http2Options } : {}),
  };
}

const route = (prefix: string, cluster: string): object => ({ match: { prefix }, route: { cluster, timeout: '0s' } });

function virtualHosts({ mode }: PeerSetup): readonly object[] {
  if (mode === 'many-hosts') return manyHosts.map((host) => ({ name: host, domains: [host], routes: [route('/', 'app')] }));
  const routes = [route(grpcPath, 'grpc'), route(uploadPath, 'sink'), route(webSocketPath, 'sink'), route('/', 'app')];
  return [{ name: 'bench', domains: ['*'], routes }];
}

/** A header for every request, no span kept of any. */
const tracing = {
  random_sampling: { value: 0 },
  provider: {
    name: 'envoy.tracers.opentelemetry',
    typed_config: {
      ...type('config.trace.v3.OpenTelemetryConfig'),
      grpc_service: { envoy_grpc: { cluster_name: 'collector' } },
      service_name: 'bench',
    },
  },
};

function httpFilter(setup: PeerSetup, dir: string): object {
  const accessLog = {
    name: 'file',
    typed_config: { ...type('extensions.access_loggers.file.v3.FileAccessLog'), path: `${dir}/access.log` },
  };
  return {
    name: 'http',
    typed_config: {
      ...type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: 'bench',
      use_remote_address: true,
      strip_any_host_port: true,
      upgrade_configs: [{ upgrade_type: 'websocket' }],
      route_config: { virtual_hosts: virtualHosts(setup) },
      http_filters: [{ name: 'router', typed_config: type('extensions.filters.http.router.v3.Router') }],
      ...(setup.mode === 'access-log' ? { access_log: [accessLog] } : {}),
      ...(setup.mode === 'tracing' ? { tracing } : {}),
    },
  };
}

function tlsSocket({ certificateFile, keyFile }: PeerSetup): object {
  const certificate = { certificate_chain: { filename: certificateFile }, private_key: { filename: keyFile } };
  return {
    name: 'tls',
    typed_config: {
      ...type('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      common_tls_context: { alpn_protocols: ['h2', 'http/1.1'], tls_certificates: [certificate] },
    },
  };
}

function listeners(setup: PeerSetup, dir: string): readonly object[] {
  const filters = [httpFilter(setup, dir)];
  const inspector = { name: 'tls_inspector', typed_config: type('extensions.filters.listener.tls_inspector.v3.TlsInspector') };
  const tcp = { ...type('extensions.filters.network.tcp_proxy.v3.TcpProxy'), stat_prefix: 'passthrough', cluster: 'passthrough' };
  const bySni = { filter_chain_match: { server_names: [passthroughHost] }, filters: [{ name: 'tcp', typed_config: tcp }] };
  return [
    { name: 'http', address: address(httpPort), filter_chains: [{ filters }] },
    { name: 'https', address: address(httpsPort), filter_chains: [{ filters, transport_socket: tlsSocket(setup) }] },
    { name: 'passthrough', address: address(passthroughPort), listener_filters: [inspector], filter_chains: [bySni] },
  ];
}

function configuration(setup: PeerSetup, dir: string): object {
  const clusters = [
    cluster('app', appPort),
    cluster('sink', sinkPort),
    cluster('grpc', grpcPort, true),
    cluster('passthrough', backendHttpsPort),
    cluster('collector', collectorPort, true),
  ];
  return { static_resources: { listeners: listeners(setup, dir), clusters } };
}

/** Envoy from PyPI with one worker thread. */
export const envoy: PeerProgram = {
  name: 'Envoy',
  async start(setup: PeerSetup): Promise<Peer> {
    const command = await wheelProgram('envoy');
    const dir = join(setup.dir, 'envoy');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'envoy.json'), JSON.stringify(configuration(setup, dir)));
    const args = ['-c', join(dir, 'envoy.json'), '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
    const child = await startProxy({ command, args, ports: [httpPort, httpsPort, passthroughPort] }, setup.mode);
    return { name: 'Envoy', pid: child.pid, httpPort, httpsPort, passthroughPort, stop: () => stopProcess(child) };
  },
};
