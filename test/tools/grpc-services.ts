import { join } from 'node:path';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** An empty message. */
export type Empty = Readonly<Record<string, never>>;

export interface Payload {
  readonly body: Buffer;
}

/** The status that the server is asked to end the call with. */
export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export interface SimpleRequest {
  readonly responseSize?: number;
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
}

export interface SimpleResponse {
  readonly payload: Payload | null;
}

export interface InputRequest {
  readonly payload?: Payload | null;
}

export interface InputResponse {
  readonly aggregatedPayloadSize: number;
}

export interface OutputRequest {
  /** One message of each size is asked for. */
  readonly responseParameters?: readonly { readonly size: number }[];
  readonly payload?: Payload;
  readonly responseStatus?: EchoStatus | null;
}

export interface OutputResponse {
  readonly payload: Payload | null;
}

export interface HealthRequest {
  readonly service: string;
}

/** 1 serving, 2 not serving. */
export interface HealthResponse {
  readonly status: number;
}

const folder = join(import.meta.dirname, 'grpc');
const definitions = loadSync(
  ['interop.proto', 'health.proto'].map((file) => join(folder, file)),
  { defaults: true },
);

/** gRPC's interoperability service. */
export const testService = definitions['grpc.testing.TestService'] as ServiceDefinition;

/** A service that no server has. */
const unimplementedService = definitions['grpc.testing.UnimplementedService'] as ServiceDefinition;

/** The health checking service. */
export const healthService = definitions['grpc.health.v1.Health'] as ServiceDefinition;

/** The methods that tests call, with their types. */
export const methods = {
  emptyCall: testService.EmptyCall as MethodDefinition<Empty, Empty>,
  unaryCall: testService.UnaryCall as MethodDefinition<SimpleRequest, SimpleResponse>,
  streamingOutputCall: testService.StreamingOutputCall as MethodDefinition<OutputRequest, OutputResponse>,
  streamingInputCall: testService.StreamingInputCall as MethodDefinition<InputRequest, InputResponse>,
  fullDuplexCall: testService.FullDuplexCall as MethodDefinition<OutputRequest, OutputResponse>,
  unimplementedMethod: testService.UnimplementedCall as MethodDefinition<Empty, Empty>,
  unimplementedService: unimplementedService.UnimplementedCall as MethodDefinition<Empty, Empty>,
  healthCheck: healthService.Check as MethodDefinition<HealthRequest, HealthResponse>,
  healthWatch: healthService.Watch as MethodDefinition<HealthRequest, HealthResponse>,
} as const;
