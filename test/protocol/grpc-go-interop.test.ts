import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { GoInteropServer, goInteropCases, goMissing, runGoInteropCase } from '../tools/grpc-interop.ts';
import { grpcHost, grpcPaths, startGrpcProgram } from '../tools/grpc-path.ts';
import { temporaryFolder } from '../tools/running-command.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

for (const path of grpcPaths) {
  test(`Go's gRPC interop client and server, ${path.name}`, { skip: goMissing() }, async (t) => {
    const certificate = await makeTestCertificate(grpcHost);
    const folder = await temporaryFolder(t);
    const certFile = join(folder, 'tls.crt');
    const keyFile = join(folder, 'tls.key');
    await writeFile(certFile, certificate.cert);
    await writeFile(keyFile, certificate.key);
    await using server = await GoInteropServer.start(path.backendTls ? { certFile, keyFile } : undefined);
    await using program = await startGrpcProgram(path, [server.port], certificate);
    const target = path.clientTls
      ? { port: program.httpsPort, tls: { caFile: certFile, serverName: grpcHost } }
      : { port: program.httpPort };
    for (const each of goInteropCases) await t.test(each.name, () => runGoInteropCase(each, target));
  });
}
