import type { Ingress } from '../api/objects.ts';
import { hostKeyProblem } from '../routes/host-name.ts';
import type { PathMatch } from '../routes/route.ts';
import { anyHost } from '../routes/route-table.ts';
import type { IngressReading, ReadBackend, ReadPath, ReadRule } from './ingress-reading.ts';
import { meantPath, pathProblem, requestSpelling, withoutTrailingSlashes } from './path-spelling.ts';
import { patternBeginnings } from './pattern-beginnings.ts';
import { describe, messageFor, ProblemList, quote } from './problem-list.ts';
import { hasGuard, readAnnotations } from './read-annotations.ts';
import { createdAtMs, isBeingDeleted, objectRef } from './read-metadata.ts';
import { isSolverIngress } from './solver-ingress.ts';
import type { TlsEntry } from './tls-certificates.ts';
import type { ObjectRef } from './translation.ts';
import { fieldsOf, isFields, isPresent, itemsOf, portOf, textOf } from './unknown-input.ts';

/** @param key `namespace/name` in the snapshot, which is the name of the object whatever its metadata holds */
export function readIngress(key: string, ingress: Ingress): IngressReading {
  const ref = objectRef('networking.k8s.io/v1', 'Ingress', key, ingress);
  const problems = new ProblemList(ref);
  const reader = new IngressReader(ref, problems, hasGuard(fieldsOf(ingress.metadata).annotations));
  const spec = fieldsOf(ingress.spec);
  const rules = reader.rules(spec.rules);
  const defaultBackend = spec.defaultBackend === undefined ? undefined : reader.backend(spec.defaultBackend, 'spec.defaultBackend');
  if (rules.length === 0 && defaultBackend === undefined && itemsOf(spec.rules).length === 0) {
    problems.add(
      'InvalidBackend',
      'spec',
      `${describe(ref)} has neither rules nor a default backend; add spec.rules or spec.defaultBackend.`,
    );
  }
  const tls = reader.tls(spec.tls);
  const { values: annotations, unsafe, missingGuard } = readAnnotations(ref, fieldsOf(ingress.metadata).annotations, problems);
  return {
    kind: 'ingress',
    key,
    ref,
    createdAtMs: createdAtMs(ingress),
    isBeingDeleted: isBeingDeleted(ingress),
    rules,
    defaultBackend,
    tls,
    annotations,
    hasCertManager: asksCertManager(fieldsOf(fieldsOf(ingress.metadata).annotations)),
    unsafeAnnotations: unsafe,
    missingGuard,
    isSolver: isSolverIngress(ingress),
    problems: problems.list(),
  };
}

/** What makes cert-manager order certificates for an Ingress. */
function asksCertManager(annotations: Readonly<Record<string, unknown>>): boolean {
  return annotations['kubernetes.io/tls-acme'] === 'true' || Object.keys(annotations).some((name) => name.includes('cert-manager.io/'));
}

const regexCharacters = /[()[\]{}*^|\\]/;

/** A path that can't be used. */
interface BrokenPath {
  readonly broken: string;
  /** What it may have meant. */
  readonly meant: readonly PathMatch[];
}

class IngressReader {
  readonly #ref: ObjectRef;
  readonly #problems: ProblemList;
  /** It says who may ask. */
  readonly #isGuarded: boolean;

  constructor(ref: ObjectRef, problems: ProblemList, isGuarded: boolean) {
    this.#ref = ref;
    this.#problems = problems;
    this.#isGuarded = isGuarded;
  }

  rules(value: unknown): readonly ReadRule[] {
    return this.#list('InvalidHost', value, 'spec.rules', 'rule').flatMap((item, index) => {
      const field = `spec.rules[${index}]`;
      if (!isFields(item)) {
        this.#report('InvalidHost', field, `the rule is no object; write host and http.paths`);
        return [];
      }
      const host = this.#host(item.host, `${field}.host`);
      return host === undefined ? [] : [{ host, field, paths: this.#pathsOf(item.http, `${field}.http`) }];
    });
  }

  tls(value: unknown): readonly TlsEntry[] {
    return this.#list('InvalidHost', value, 'spec.tls', 'entry').flatMap((item, index) => {
      const field = `spec.tls[${index}]`;
      if (!isFields(item)) {
        this.#report('InvalidHost', field, 'the entry is no object; write hosts and secretName');
        return [];
      }
      const written = this.#list('InvalidHost', item.hosts, `${field}.hosts`, 'host');
      const hosts = written.flatMap((host, at) => this.#tlsHost(host, `${field}.hosts[${at}]`) ?? []);
      const isNamed = written.length > 0 || (isPresent(item.hosts) && !Array.isArray(item.hosts));
      if (isNamed && hosts.length === 0) return [];
      const secretField = `${field}.secretName`;
      return [
        {
          field,
          hostsField: `${field}.hosts`,
          secretField,
          hosts: [...new Set(hosts)],
          secret: this.#secret(item.secretName, secretField),
        },
      ];
    });
  }

  backend(value: unknown, field: string): ReadBackend {
    const backend = fieldsOf(value);
    if (isFields(backend.resource)) {
      const kind = quote(backend.resource.kind);
      this.#report('ResourceBackend', `${field}.resource`, `a resource backend (kind ${kind}) is not served; use ${field}.service`);
      return { kind: 'unusable', reason: 'resource backends are not served', field };
    }
    const service = fieldsOf(backend.service);
    const name = textOf(service.name);
    const port = fieldsOf(service.port);
    if (name === undefined) return this.#unusable(`${field}.service.name`, 'the backend names no Service; set service.name');
    if (name.length > 253 || name.includes('/')) {
      return this.#unusable(`${field}.service.name`, `${quote(name)} is no name of a Service in the namespace of the Ingress`);
    }
    const number = portOf(port.number);
    const portName = textOf(port.name);
    if (number === undefined && portName === undefined) {
      return this.#unusable(
        `${field}.service.port`,
        `the backend gives no valid port of Service ${quote(name)}; set port.number (1-65535) or port.name`,
      );
    }
    if (number !== undefined && portName !== undefined) {
      return this.#unusable(`${field}.service.port`, 'the backend gives both port.number and port.name; keep one');
    }
    return { kind: 'service', name, port: number ?? portName ?? 0, field };
  }

  #unusable(field: string, sentence: string): ReadBackend {
    this.#report('InvalidBackend', field, sentence);
    return { kind: 'unusable', reason: 'the backend is invalid', field };
  }

  #pathsOf(http: unknown, field: string): readonly ReadPath[] {
    if (!isPresent(http) || isFields(http)) return this.#paths(fieldsOf(http).paths, `${field}.paths`);
    this.#report('InvalidPath', field, 'http is no object; write http.paths');
    return [];
  }

  #paths(value: unknown, field: string): readonly ReadPath[] {
    return this.#list('InvalidPath', value, field, 'path').flatMap((item, index): readonly ReadPath[] => {
      const at = `${field}[${index}]`;
      if (!isFields(item)) {
        this.#report('InvalidPath', at, 'the path is no object; write path, pathType and backend');
        return [];
      }
      const read = this.#match(item, at);
      const held = (reason: string, meant: readonly PathMatch[]): readonly ReadPath[] =>
        meant.map((match) => ({ match, field: at, isMeant: true, backend: { kind: 'unusable', reason, field: at } }));
      if ('broken' in read) return held(read.broken, read.meant);
      const served = { match: read, field: at, isMeant: false, backend: this.backend(item.backend, `${at}.backend`) };
      return [served, ...held('patterns of an Ingress are not served', this.#unservedPattern(item.pathType, read.value, `${at}.path`))];
    });
  }

  /** What a pattern may mean is kept from others where the Ingress says who may ask: they may ask for less. */
  #unservedPattern(pathType: unknown, path: string, field: string): readonly PathMatch[] {
    if (pathType !== 'ImplementationSpecific' || !regexCharacters.test(path)) return [];
    const beginnings = this.#isGuarded ? patternBeginnings(path) : [];
    const cost = beginnings.length === 0 ? 'so that requests which it means go by other paths' : 'and what it may mean is answered 503';
    const sentence = `path ${quote(path)} looks like a regular expression and is taken as it stands, as a Prefix, ${cost}`;
    this.#report('Unsupported', field, `${sentence}; use a SmartRoute with a match of type Regex`);
    return beginnings.map((value) => ({ kind: 'unusable-regex', value }));
  }

  #match(item: Readonly<Record<string, unknown>>, field: string): PathMatch | BrokenPath {
    const { path, pathType } = item;
    const value = path === undefined || path === null || path === '' ? '/' : requestSpelling(path);
    if (pathType !== 'Exact' && pathType !== 'Prefix' && pathType !== 'ImplementationSpecific') {
      const given = isPresent(pathType) ? `is ${quote(pathType)}` : 'is missing';
      const sentence = `pathType ${given}; use "Exact", "Prefix" or "ImplementationSpecific" (taken as Prefix)`;
      return this.#broken(`${field}.pathType`, sentence, meantMatches(value, undefined));
    }
    const wrong = pathProblem(value, pathType !== 'ImplementationSpecific');
    if (wrong !== undefined)
      return this.#broken(`${field}.path`, `path ${quote(value)} ${wrong}`, meantMatches(value, pathType === 'Exact' ? 'exact' : 'prefix'));
    const text = value as string;
    return pathType === 'Exact' ? { kind: 'exact', value: text } : { kind: 'prefix', value: withoutTrailingSlashes(text) };
  }

  #broken(field: string, sentence: string, meant: readonly PathMatch[]): BrokenPath {
    this.#report(
      'InvalidPath',
      field,
      meant.length === 0 ? sentence : `${sentence}; until it is corrected, what it may mean is answered 503`,
    );
    return { broken: sentence, meant };
  }

  #host(value: unknown, field: string): string | undefined {
    if (value === undefined || value === null || value === '') return anyHost;
    return this.#checkedHost(value, field);
  }

  #tlsHost(value: unknown, field: string): string | undefined {
    return this.#checkedHost(value, field);
  }

  #checkedHost(value: unknown, field: string): string | undefined {
    const host = typeof value === 'string' && value.length <= 1000 ? value.toLowerCase() : '';
    const wrong =
      typeof value !== 'string' ? 'is no text' : value.length > 1000 ? 'is longer than 253 characters' : ingressHostProblem(host);
    if (wrong === undefined) return host;
    this.#report(
      'InvalidHost',
      field,
      `host ${quote(value)} ${wrong}; write a DNS name like "shop.example.com" or "*.example.com" (international names as xn--)`,
    );
    return undefined;
  }

  /** `namespace/name`. */
  #secret(value: unknown, field: string): string | undefined {
    const name = textOf(value);
    if (name !== undefined && name.length <= 253 && !name.includes('/')) return `${this.#ref.namespace}/${name}`;
    if (value !== undefined && value !== null && value !== '') {
      this.#report('SecretNotFound', field, `${quote(value)} is no name of a Secret in the namespace of the Ingress; write the name alone`);
    }
    return undefined;
  }

  /** What is written in a list; an API server refuses anything else in its place. */
  #list(reason: 'InvalidHost' | 'InvalidPath', value: unknown, field: string, item: string): readonly unknown[] {
    if (isPresent(value) && !Array.isArray(value)) this.#report(reason, field, `it is no list; begin each ${item} with "- "`);
    return itemsOf(value);
  }

  #report(reason: Parameters<ProblemList['add']>[0], field: string, sentence: string): void {
    this.#problems.add(reason, field, messageFor(this.#ref, field, sentence));
  }
}

/** @param kind undefined: nobody can say, and it may have been meant for a pattern, too */
function meantMatches(path: unknown, kind: 'exact' | 'prefix' | undefined): readonly PathMatch[] {
  const value = typeof path === 'string' ? meantPath(path) : undefined;
  if (value === undefined) return [];
  if (kind === 'exact') return [{ kind, value }];
  const prefix: PathMatch = { kind: 'prefix', value };
  return kind === undefined && regexCharacters.test(value) ? [prefix, { kind: 'unusable-regex', value }] : [prefix];
}

function ingressHostProblem(host: string): string | undefined {
  if (host === anyHost) return 'stands for every host, which is written by leaving the host out';
  if (host.startsWith('**.')) return 'starts with "**."; an Ingress wildcard covers exactly one label';
  return hostKeyProblem(host);
}
