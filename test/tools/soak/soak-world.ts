import { X509Certificate } from 'node:crypto';
import { makeTestCertificate } from '../test-certificate.ts';
import { type CellKind, SoakCell, SoakHost, SoakService, World } from './world.ts';

async function makeHost(name: string): Promise<SoakHost> {
  const pems = await Promise.all(Array.from({ length: 3 }, () => makeTestCertificate(name)));
  return new SoakHost(
    name,
    pems.map((pem) => ({ pem, fingerprint: new X509Certificate(pem.cert).fingerprint256 })),
  );
}

/** The Service of long connections: its backends stay. */
export const liveService = 'live';

/** Two hosts with paths of every kind, three Services that change, one whose backends stay, and one of gRPC backends. */
export async function makeWorld(): Promise<World> {
  const hosts = [await makeHost('one.soak.test'), await makeHost('two.soak.test')];
  const changing = ['a', 'b', 'c'].map((name) => new SoakService(name, 'http1'));
  const live = new SoakService(liveService, 'http1');
  const grpc = new SoakService('grpc', 'grpc');
  const cells = hosts.flatMap((host, nth) => {
    const cell = (path: string, to: SoakService, kind: CellKind): SoakCell => new SoakCell(host, path, to, kind);
    return [
      ...changing.map((to, index) => cell(`/moving${index}`, to, 'moving')),
      ...changing.slice(1).map((to, index) => cell(`/limited${index}`, to, 'limited')),
      cell('/steady', live, 'steady'),
      cell('/grpc', grpc, 'grpc'),
      ...(nth === 0 ? [cell('/held', live, 'held')] : []),
    ];
  });
  return new World(hosts, [...changing, live, grpc], cells);
}
