import { type ProblemReason, problemReasons } from './translation.ts';

interface ReasonDoc {
  /** When it is reported. */
  readonly when: string;
  /** What is served meanwhile. */
  readonly meanwhile: string;
}

const docs: Readonly<Record<ProblemReason, ReasonDoc>> = {
  InvalidHost: {
    when: 'A host is no DNS name or one-label wildcard, or `spec.tls` names one that no rule has.',
    meanwhile: 'The rule or entry is left out.',
  },
  InvalidPath: { when: 'A path is not absolute, not normal, too long, or its `pathType` is unknown.', meanwhile: 'The path is left out.' },
  DuplicatePath: { when: 'One Ingress has the same path of a host twice.', meanwhile: 'The first is served.' },
  PathConflict: {
    when: 'Two Ingresses have the same path of a host, or a default backend for it.',
    meanwhile: 'The oldest Ingress is served, at the same age the first by name.',
  },
  InvalidBackend: { when: 'A backend names no Service or no valid port.', meanwhile: 'The path answers 503.' },
  ResourceBackend: { when: 'A backend is a `resource`.', meanwhile: 'The path answers 503.' },
  ServiceNotFound: { when: 'The Service does not exist.', meanwhile: 'The path answers 503.' },
  ServicePortNotFound: { when: 'The Service has no such TCP port.', meanwhile: 'The path answers 503.' },
  ExternalNameRefused: { when: 'An ExternalName Service names this machine or a metadata service.', meanwhile: 'The path answers 503.' },
  NoEndpoints: { when: 'No endpoint of the Service is ready, nor serving while it terminates.', meanwhile: 'The path answers 503.' },
  SecretNotFound: {
    when: 'A Secret does not exist, or may not be read; `sources` in `/debug/problems` names those that are forbidden.',
    meanwhile: 'Hosts get the default certificate; a backend whose CA or client certificate is missing answers 503.',
  },
  SecretInvalid: {
    when: 'A Secret holds no usable certificate, key or CA, or its certificate is not valid yet.',
    meanwhile:
      'Hosts keep the certificate that they had, otherwise as without the Secret; a certificate that is not valid yet is served, and shown to backends.',
  },
  CertificateExpired: { when: 'A certificate has expired.', meanwhile: 'It is served, or shown to backends, all the same.' },
  CertificateHostMismatch: {
    when: 'A certificate does not cover a host that names it.',
    meanwhile: 'The host gets the default certificate.',
  },
  CertificateConflict: {
    when: 'Two certificates of one key type are named for a host.',
    meanwhile: "The oldest Ingress's, then the first written, is served.",
  },
  ClassNotFound: { when: '`ingressClassName` names an IngressClass that does not exist.', meanwhile: 'The Ingress is not served.' },
  InvalidAnnotation: {
    when: 'An annotation has a value that can not be read, or no effect.',
    meanwhile: 'The default holds; a backend whose CA or client certificate is meant answers 503.',
  },
  UnknownAnnotation: { when: 'An annotation under `smartproxy.dev/` does not exist.', meanwhile: 'It is ignored.' },
  PassthroughConflict: {
    when: 'One Ingress passes TLS of a host through and another ends it, or passthrough has no host to go by.',
    meanwhile: 'The oldest Ingress of the host decides.',
  },
  TooLarge: { when: 'An object has more problems than are listed.', meanwhile: 'Its good parts are served.' },
  Unsupported: { when: 'A setting is known elsewhere and not served by this version.', meanwhile: 'What the message says.' },
  InvalidObject: {
    when: 'A SmartRoute is not what its CRD allows. An API server refuses such an object; a folder of manifests can hold one.',
    meanwhile: 'Nothing of it is served.',
  },
  InvalidRegex: {
    when: 'A pattern of a SmartRoute is not RE2 syntax, too large, or its substitution names a group that it does not have.',
    meanwhile: 'The match is left out; a rule that rewrites by it answers 503.',
  },
  InvalidAddress: {
    when: 'A list of clients names something that is no address or CIDR.',
    meanwhile: 'The rule answers 503; a connection that is passed through ends.',
  },
  UnknownField: { when: 'A SmartRoute has a field that does not exist.', meanwhile: 'The field is ignored.' },
  RefNotPermitted: {
    when: 'A SmartRoute refers to another namespace, and no ReferenceGrant there permits it.',
    meanwhile: 'A backend answers 503; hosts get the default certificate.',
  },
  NoEffect: { when: 'A setting has nothing to act on.', meanwhile: 'It is ignored.' },
};

/** The text of docs/problems.md. */
export function renderProblemDocs(): string {
  return `${[
    '# Problems',
    '',
    'What does not work in an object is a Warning Event on it and an entry in `/debug/problems`, with one of these reasons. The message',
    'names the object, the field and what to do. Everything else of the object, and every other object, goes on being served.',
    '',
    '| Reason | When | Meanwhile |',
    '|---|---|---|',
    ...problemReasons.map((reason) => `| \`${reason}\` | ${docs[reason].when} | ${docs[reason].meanwhile} |`),
  ].join('\n')}\n`;
}
