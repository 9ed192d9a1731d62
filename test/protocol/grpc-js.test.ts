import { test } from 'node:test';
import { GrpcClient } from '../tools/grpc-client.ts';
import { interopCases } from '../tools/grpc-interop-cases.ts';
import { grpcHost, grpcPaths, grpcTarget, startGrpcProgram } from '../tools/grpc-path.ts';
import { GrpcServer } from '../tools/grpc-server.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

for (const path of grpcPaths) {
  test(`grpc-js's interop cases, ${path.name}`, async (t) => {
    const certificate = await makeTestCertificate(grpcHost);
    await using server = await GrpcServer.start(path.backendTls ? { tls: certificate } : {});
    await using program = await startGrpcProgram(path, [server.port], certificate);
    using client = new GrpcClient(grpcTarget(path, program, certificate));
    for (const { name, run } of interopCases) await t.test(name, () => run(client, server));
  });
}
