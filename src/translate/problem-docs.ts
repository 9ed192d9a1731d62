import { type ProblemReason, problemReasons } from './translation.ts';

/** `error`: something is not served as it is written. `warning`: it is, or what is not has nothing to do with traffic. */
export type ProblemLevel = 'error' | 'warning';

interface ReasonDoc {
  readonly level: ProblemLevel;
  /** When it is reported. */
  readonly when: string;
  /** What is served meanwhile. */
  readonly meanwhile: string;
}

const docs: Readonly<Record<ProblemReason, ReasonDoc>> = {
  InvalidHost: {
    level: 'error',
    when: 'A host is no DNS name or one-label wildcard, or `spec.tls` names one that no rule has.',
    meanwhile: 'The rule or entry is left out.',
  },
  InvalidPath: {
    level: 'error',
    when: 'A path is not absolute, not normal, too long, or its `pathType` is unknown.',
    meanwhile:
      'What the path of an Ingress or the match of a SmartRoute may mean is answered 503. A path that no request can have is left out.',
  },
  DuplicatePath: {
    level: 'warning',
    when: 'One Ingress has the same path of a host twice.',
    meanwhile: 'The first is served.',
  },
  PathConflict: {
    level: 'warning',
    when: 'Two objects have the same match of a host, or two Ingresses a default backend for it.',
    meanwhile: 'The oldest object is served, at the same age the first by name.',
  },
  InvalidBackend: {
    level: 'error',
    when: 'A backend names no Service or no valid port.',
    meanwhile: 'The path answers 503.',
  },
  ResourceBackend: {
    level: 'error',
    when: 'A backend is a `resource`.',
    meanwhile: 'The path answers 503.',
  },
  ServiceNotFound: {
    level: 'error',
    when: 'The Service does not exist.',
    meanwhile:
      'The path answers 503. Without that of a mirror there are no copies, without that of an error page errors go on as they are.',
  },
  ServicePortNotFound: {
    level: 'error',
    when: 'The Service has no such TCP port, or for `udp` no such UDP port.',
    meanwhile: 'The path answers 503; connections end, datagrams are dropped.',
  },
  ExternalNameRefused: {
    level: 'error',
    when: 'An ExternalName Service names this machine or a metadata service.',
    meanwhile: 'The path answers 503.',
  },
  NoEndpoints: {
    level: 'warning',
    when: 'No endpoint of the Service is ready, nor serving while it terminates.',
    meanwhile:
      'The path answers 503; a connection that is passed through ends. Without that of a mirror there are no copies, without that of an error page errors go on as they are.',
  },
  SecretNotFound: {
    level: 'error',
    when: 'A Secret does not exist, or may not be read; `sources` in `/debug/problems` names those that are forbidden.',
    meanwhile:
      'Hosts get the default certificate; a backend whose CA or client certificate is missing answers 503, and so does what users, keys or CAs in the Secret are to let in.',
  },
  SecretInvalid: {
    level: 'error',
    when: 'A Secret holds no usable certificate, key, CA or list of users, a user whose hash is none that is known, or a certificate that is not valid yet.',
    meanwhile:
      'Hosts keep the certificate that they had, otherwise as without the Secret; that user is not let in; a certificate that is not valid yet is served, and shown to backends.',
  },
  RevocationListExpired: {
    level: 'error',
    when: 'A list of revoked client certificates (`ca.crl`) is past the time of its next update, or not valid yet.',
    meanwhile: 'Certificates of clients are refused; who need not show one is served without.',
  },
  ConfigMapNotFound: {
    level: 'warning',
    when: 'A ConfigMap of error pages does not exist, lacks the label `smartproxy.dev/error-pages: "true"` or the key, or may not be read.',
    meanwhile: 'Errors that the page is for go on as they are.',
  },
  ConfigMapInvalid: {
    level: 'warning',
    when: 'An error page in a ConfigMap is too large.',
    meanwhile: 'Errors that it is for go on as they are.',
  },
  CertificateExpired: {
    level: 'error',
    when: 'A certificate has expired.',
    meanwhile: 'It is served, or shown to backends, all the same.',
  },
  CertificateHostMismatch: {
    level: 'error',
    when: 'A certificate does not cover a host that names it.',
    meanwhile: 'The host gets the default certificate.',
  },
  CertificateConflict: {
    level: 'warning',
    when: 'Two certificates of one key type are named for a host.',
    meanwhile: "The oldest object's, then the first written, is served.",
  },
  ClassNotFound: {
    level: 'error',
    when: '`ingressClassName` names an IngressClass that does not exist.',
    meanwhile: 'The Ingress is not served.',
  },
  InvalidAnnotation: {
    level: 'error',
    when: 'An annotation has a value that can not be read, or no effect.',
    meanwhile:
      'The default holds; where that would be less safe (who may ask, CAs and client certificates) the answer is 503, and with CORS no page of another origin may ask.',
  },
  UnknownAnnotation: {
    level: 'warning',
    when: 'An annotation under `smartproxy.dev/` does not exist, or one of ingress-nginx has nothing of ours in its place.',
    meanwhile: 'It is ignored; one under `smartproxy.dev/` that keeps somebody out in ingress-nginx answers 503.',
  },
  PassthroughConflict: {
    level: 'error',
    when: 'One object passes TLS of a host through, or has TCP in it, and another has HTTP in it; or passthrough has no host to go by.',
    meanwhile: 'The oldest object of the host decides.',
  },
  TlsPolicyConflict: {
    level: 'error',
    when: 'Two objects say differently how TLS of a host is spoken: version, ALPN, certificates of clients.',
    meanwhile: "The owner's holds. An object whose client certificates are not asked for answers 503.",
  },
  TooLarge: {
    level: 'warning',
    when: 'An object has more problems than are listed.',
    meanwhile: 'Its good parts are served.',
  },
  Unsupported: {
    level: 'warning',
    when: 'A setting is known elsewhere and not served by this version.',
    meanwhile: 'What the message says.',
  },
  InvalidObject: {
    level: 'error',
    when: 'A SmartRoute is not what its CRD allows elsewhere than in rules, or a SmartProxyConfig. An API server refuses such an object; a folder of manifests can hold one.',
    meanwhile:
      'What the rules of a SmartRoute may match on its hosts is answered 503; nothing of it is served where no host can be read. Of a SmartProxyConfig what `ConfigKept`, `ConfigReduced` or `ConfigClosed` beside it says.',
  },
  InvalidRule: {
    level: 'error',
    when: 'A rule of a SmartRoute is not what the CRD allows. An API server refuses such an object; a folder of manifests can hold one.',
    meanwhile: 'What it may match is answered 503; the other rules are served.',
  },
  ConfigKept: {
    level: 'error',
    when: 'The SmartProxyConfig became invalid while the program ran.',
    meanwhile: 'Its last valid spec holds, until it is corrected, deleted, or the program ends.',
  },
  ConfigReduced: {
    level: 'error',
    when: 'The SmartProxyConfig was invalid when the program began, and not where it says who is let in.',
    meanwhile: 'What is valid of it holds, and the options where it is not.',
  },
  ConfigClosed: {
    level: 'error',
    when: 'The SmartProxyConfig was invalid when the program began, where it says who is let in: `hostClaims`, `unclaimedHosts`, `trustedProxies`, `limits.clients`, `tls.profile`, `tls.minVersion`, and in `defaults.policy` `auth`, `backend.tls`, `clients`, `maintenance`, `rateLimits`.',
    meanwhile: 'Nobody is let in: connections are ended as `ip_blocked`.',
  },
  ListenerClosed: {
    level: 'error',
    when: 'An entry of `listeners` of the SmartProxyConfig has `namespaces` or `proxyProtocol` and was invalid when the program began.',
    meanwhile:
      'Nobody is served on a listener of the options that has its name, and without a name that can be read on all of those that no other entry names. A listener of its own is not opened.',
  },
  InvalidRegex: {
    level: 'error',
    when: 'A pattern of a SmartRoute is not RE2 syntax, too large, its substitution names a group that it does not have, or makes paths without a slash at the beginning.',
    meanwhile:
      'What the match covers, all that begins with the plain text of its pattern, answers 503, and so does a rule that rewrites by it. Without the slash, requests that the pattern fits are answered 500 (`rewrite_failed`).',
  },
  InvalidAddress: {
    level: 'error',
    when: 'A list of clients or load balancers, or of those that a rate limit exempts, or `clientCIDRs`, names something that is no address or CIDR.',
    meanwhile:
      'The rule answers 503; a connection that is passed through ends; of a listener what `ConfigKept` or `ListenerClosed` beside it says. What a rate limit is to exempt is counted. In `clientCIDRs` it stands for no client.',
  },
  UnknownField: {
    level: 'warning',
    when: 'A SmartRoute or SmartProxyConfig has a field that does not exist.',
    meanwhile: 'The field is ignored.',
  },
  RefNotPermitted: {
    level: 'error',
    when: 'A SmartRoute, or `defaults` of a SmartProxyConfig, refers to another namespace, and no ReferenceGrant there permits it.',
    meanwhile: 'A backend answers 503; hosts get the default certificate; a mirror gets no copies, an error page is not shown.',
  },
  InvalidParameters: {
    level: 'error',
    when: '`spec.parameters` of an IngressClass of ours names no SmartProxyConfig, or one of another namespace than that of the controller.',
    meanwhile: 'The options hold.',
  },
  ConfigConflict: {
    level: 'warning',
    when: 'Two IngressClasses of one controller name different SmartProxyConfigs.',
    meanwhile: 'That of `--ingress-class` holds, else the one whose class is first by name.',
  },
  NotReferenced: {
    level: 'warning',
    when: 'No IngressClass names the SmartProxyConfig.',
    meanwhile: 'Nothing of it holds.',
  },
  PortConflict: {
    level: 'error',
    when: "A listener has the port of an option's listener.",
    meanwhile: 'It is left out.',
  },
  NotPublished: {
    level: 'warning',
    when: 'The Service of `--publish-service` has no port that leads to a listener, of a SmartProxyConfig or one that a SmartRoute names.',
    meanwhile: 'The listener is open; clients of the Service do not reach it.',
  },
  ListenerNotFound: {
    level: 'error',
    when: 'A SmartRoute names a listener that does not exist.',
    meanwhile: 'It is served on the others that it names.',
  },
  ListenerMismatch: {
    level: 'error',
    when: 'A SmartRoute names a listener of another protocol than it needs.',
    meanwhile: 'It is served on the others that it names.',
  },
  ListenerNotPermitted: {
    level: 'error',
    when: 'A SmartRoute names a listener that the SmartProxyConfig keeps for other namespaces; or every listener that an Ingress or SmartRoute could be served on is.',
    meanwhile: 'It is served on the others that it names; or not at all.',
  },
  ListenerConflict: {
    level: 'error',
    when: 'Two SmartRoutes want all connections of one listener, or all of the same clients.',
    meanwhile: 'That of the higher priority has it, then the oldest.',
  },
  HostNotPermitted: {
    level: 'error',
    when: 'A host is claimed for other namespaces by the SmartProxyConfig, or that of the namespace that named it first.',
    meanwhile: 'The object is served on its other hosts.',
  },
  EngineUnavailable: {
    level: 'error',
    when: 'A route asks for the engine NFTables, and this controller does not let the kernel forward: `--nftables` is off.',
    meanwhile: 'Its connections are ended, its datagrams dropped.',
  },
  IssuerNotFound: {
    level: 'error',
    when: 'An issuer that certificates are asked of does not exist, can not be used, or `--acme` is off.',
    meanwhile: 'Nothing is ordered. The Secret is served as it is.',
  },
  SecretNotOwned: {
    level: 'error',
    when: 'A certificate is to be ordered into a Secret that was made by somebody else.',
    meanwhile: 'The Secret is served as it is, and never written.',
  },
  CertificateNotIssued: {
    level: 'warning',
    when: 'The last try to order or renew a certificate failed; the message has the words of the CA, or what the self-check found, what to do, and the time of the next.',
    meanwhile: 'Hosts keep the certificate that they have, or get the default certificate.',
  },
  CallbackNotMatched: {
    level: 'error',
    when: 'No rule of a SmartRoute with a login by OpenID Connect matches its `callbackPath`.',
    meanwhile:
      'Who has to log in is sent to the provider, and does not come back to the route unless another object with the same login has the path.',
  },
  NoEffect: {
    level: 'warning',
    when: 'A setting has nothing to act on.',
    meanwhile: 'It is ignored.',
  },
};

/** What is known of a reason: how bad it is, when it is reported, and what is served meanwhile. */
export function reasonDoc(reason: ProblemReason): ReasonDoc {
  return docs[reason];
}

/** The text of docs/problems.md. */
export function renderProblemDocs(): string {
  return `${[
    '# Problems',
    '',
    'What does not work in an object is a Warning Event on it and an entry in `/debug/problems`, with one of these reasons. The message',
    'names the object, the field and what to do. Everything else of the object, and every other object, goes on being served.',
    '',
    '`lint` finds them in a folder before it is applied, and counts them by their level ([ask.md](ask.md#what-is-wrong-with-my-manifests)).',
    'By what is seen of them from outside: [troubleshooting.md](troubleshooting.md).',
    '',
    '| Reason | Level | When | Meanwhile |',
    '|---|---|---|---|',
    ...problemReasons.map((reason) => `| \`${reason}\` | ${docs[reason].level} | ${docs[reason].when} | ${docs[reason].meanwhile} |`),
  ].join('\n')}\n`;
}
