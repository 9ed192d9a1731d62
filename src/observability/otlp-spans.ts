/** A finished request, as far as its span tells of it. Times in milliseconds, sizes in bytes. */
export interface SpanEntry {
  readonly requestId: string;
  /** 32 hex digits. */
  readonly traceId: string | undefined;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  readonly grpcStatus: string | undefined;
  readonly flag: string | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
  readonly route: string | undefined;
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  readonly protocol: string;
  readonly scheme: string;
  readonly remoteAddress: string;
}

export interface Span {
  /** 16 hex digits. */
  readonly id: string;
  readonly parentId: string | undefined;
  readonly entry: SpanEntry;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** SPAN_KIND_SERVER and STATUS_CODE_ERROR of the protocol. */
const serverKind = 2;
const errorStatus = 2;

/**
 * One span as JSON of OTLP (opentelemetry-proto 1.x, JSON mapping), with attributes of the semantic conventions for HTTP servers and our own
 * below `smartproxy.`.
 *
 * @param endedAtMs milliseconds since 1970
 */
export function otlpSpan({ id, parentId, entry }: Span, endedAtMs: number): object {
  const { traceId, method, status, durationMs } = entry;
  return {
    traceId,
    spanId: id,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    name: entry.route === undefined ? method : `${method} ${entry.route}`,
    kind: serverKind,
    startTimeUnixNano: unixNano(endedAtMs - durationMs),
    endTimeUnixNano: unixNano(endedAtMs),
    attributes: attributesOf(entry),
    // A client's own mistake is no error of the server (semantic conventions for HTTP spans).
    ...(status === 0 || status >= 500 ? { status: { code: errorStatus } } : {}),
  };
}

/** The body of an export request. */
export function otlpRequest(serviceName: string, spans: readonly object[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: serviceName } }] },
        scopeSpans: [{ scope: { name: 'smartproxy-ingress' }, spans }],
      },
    ],
  });
}

function attributesOf(entry: SpanEntry): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const text = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') attributes.push({ key, value: { stringValue: value } });
  };
  const integer = (key: string, value: number): void => {
    attributes.push({ key, value: { intValue: String(value) } });
  };
  text('http.request.method', entry.method);
  text('url.scheme', entry.scheme);
  text('url.path', entry.path);
  text('server.address', entry.host);
  text('client.address', entry.remoteAddress);
  text('network.protocol.version', entry.protocol.slice('HTTP/'.length));
  if (entry.status > 0) integer('http.response.status_code', entry.status);
  integer('http.request.body.size', entry.bytesReceived);
  integer('http.response.body.size', entry.bytesSent);
  text('rpc.grpc.status_code', entry.grpcStatus);
  text('error.type', entry.flag);
  text('smartproxy.request_id', entry.requestId);
  text('smartproxy.route', entry.route);
  text('smartproxy.service', entry.service);
  text('smartproxy.endpoint', entry.endpoint);
  return attributes;
}

/** To the microsecond: more is not in a double. */
function unixNano(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
