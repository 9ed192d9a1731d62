import {
  booleanValue,
  choiceValue,
  dnsNameValue,
  durationValue,
  integerValue,
  objectNameValue,
  sizeValue,
  type ValueType,
  wordValue,
} from './annotation-values.ts';

/** Everything of ours on a user's object starts with this. */
export const annotationPrefix = 'smartproxy.dev/';

/** The class of an Ingress before `spec.ingressClassName` existed. */
export const legacyClassAnnotation = 'kubernetes.io/ingress.class';

/** Marks the IngressClass of Ingresses that name none. */
export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** One annotation on an Ingress: everything that reading and documentation need. */
export interface Annotation<T> {
  /** Without the prefix. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** What holds without it, for the documentation. */
  readonly defaultText: string;
  /** One or two sentences for the documentation. */
  readonly doc: string;
  /** What happens while its value can't be read, where the default would be less safe; undefined: the default holds. */
  readonly whileUnreadable: string | undefined;
}

/** What `backend-protocol` may say, and what is spoken then. */
const backendProtocols = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['h2c', 'h2c'],
  ['h2', 'h2'],
  ['grpc', 'h2c'],
  ['grpcs', 'h2'],
] as const);

/** Every annotation that we read from an Ingress, by the name of its field in `AnnotationValues`. */
export const ingressAnnotations = {
  sslRedirect: annotation('ssl-redirect', booleanValue, '`--https-redirect`', {
    doc: 'Answers plain HTTP for a host with TLS with a 308 to HTTPS, paths below `/.well-known/acme-challenge/` excepted.',
  }),
  tlsPassthrough: annotation('tls-passthrough', booleanValue, '`false`', {
    doc: 'Hands TLS connections for the hosts of the Ingress to its backend unread, by server name. The backend holds the certificate; paths and all settings but `connect-timeout` and `tunnel-idle-timeout` have no meaning for these connections.',
  }),
  backendProtocol: annotation(
    'backend-protocol',
    wordValue(backendProtocols, ['fcgi', 'auto_http'], 'the appProtocol of the Service port decides, and without one "http" is used'),
    '`appProtocol` of the Service port, else `http`',
    {
      doc: 'What the backend speaks: HTTP/1.1 (`http`, over TLS `https`) or HTTP/2 (`h2c` or `grpc`, over TLS `h2` or `grpcs`). It comes before the `appProtocol` of the Service port: [which ones are known](ingress.md#what-backends-speak).',
    },
  ),
  backendTlsServerName: annotation('backend-tls-server-name', dnsNameValue, 'none', {
    doc: 'Server name that is sent to a backend over TLS, and that its certificate must have when it is verified.',
  }),
  backendTlsCaSecret: annotation('backend-tls-ca-secret', objectNameValue, 'none', {
    doc: 'Secret in the same namespace whose `ca.crt` verifies the certificate of a backend over TLS. Without it the certificate is not verified.',
    whileUnreadable: 'until then the backend is not used',
  }),
  backendTlsClientSecret: annotation('backend-tls-client-secret', objectNameValue, 'none', {
    doc: 'Secret of type `kubernetes.io/tls` in the same namespace with the certificate and key that are shown to a backend over TLS which asks for them. While it is missing or broken the backend is not used.',
    whileUnreadable: 'until then the backend is not used',
  }),
  connectTimeout: annotation('connect-timeout', durationValue(1), '`--connect-timeout`', {
    doc: 'How long a connection to the backend may take to open.',
  }),
  readTimeout: annotation('read-timeout', durationValue(0), '`--upstream-read-timeout`', {
    doc: 'How long the backend may stay silent, before the first byte of its answer and between any two.',
  }),
  sendTimeout: annotation('send-timeout', durationValue(0), '`--upstream-send-timeout`', {
    doc: 'How long the backend may take no byte of a request.',
  }),
  tunnelIdleTimeout: annotation('tunnel-idle-timeout', durationValue(0), '`--tunnel-idle-timeout`', {
    doc: 'How long a WebSocket, another upgraded connection or a passthrough connection may be silent in both directions.',
  }),
  maxBodySize: annotation('max-body-size', sizeValue, '`--max-request-body`', {
    doc: 'Largest request body; a larger one is answered with 413. For a gRPC call it counts all messages together, and only when it is set here.',
  }),
  retries: annotation('retries', integerValue(0, 10), '`--retries`', {
    doc: 'How often a request that never reached the application is tried again, on another endpoint where there is one.',
  }),
  loadBalance: annotation('load-balance', choiceValue(['round-robin', 'least-request']), '`--load-balancing`', {
    doc: 'How an endpoint is chosen.',
  }),
};

type IngressAnnotations = typeof ingressAnnotations;

/** The values that an Ingress sets; a field that is absent inherits. */
export type AnnotationValues = {
  readonly [F in keyof IngressAnnotations]?: IngressAnnotations[F] extends Annotation<infer T> ? T : never;
};

/** An annotation of the table with its field, for generic reading. */
export interface AnnotationEntry {
  readonly field: keyof AnnotationValues;
  readonly annotation: Annotation<unknown>;
}

/** The table by full annotation name. */
export const annotationsByName: ReadonlyMap<string, AnnotationEntry> = new Map(
  Object.entries(ingressAnnotations).map(([field, entry]) => [
    annotationPrefix + entry.name,
    { field: field as keyof AnnotationValues, annotation: entry },
  ]),
);

function annotation<T>(
  name: string,
  type: ValueType<T>,
  defaultText: string,
  { doc, whileUnreadable }: { readonly doc: string; readonly whileUnreadable?: string },
): Annotation<T> {
  return { name, type, defaultText, doc, whileUnreadable };
}
