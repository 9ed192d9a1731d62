import { reasonDoc } from '../../translate/problem-docs.ts';
import { type ProblemReason, problemReasons } from '../../translate/translation.ts';
import { type Finding, invalidManifest } from './finding.ts';

/** The parts of SARIF 2.1.0 (OASIS, sarif-schema-2.1.0) that findings need. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly SarifRun[];
}

interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly version: string; readonly rules: readonly SarifRule[] } };
  readonly columnKind: 'utf16CodeUnits';
  readonly results: readonly SarifResult[];
}

interface SarifRule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  /** Optional by the standard; GitHub refuses a log without. */
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: Finding['level'] };
}

interface SarifResult {
  readonly ruleId: string;
  /** Place of the rule in `rules`. */
  readonly ruleIndex: number;
  readonly level: Finding['level'];
  readonly message: { readonly text: string };
  readonly locations: readonly SarifLocation[];
  /** What stays the same when lines move, so that a finding is known again. */
  readonly partialFingerprints: { readonly 'codeObjectField/v1': string };
}

interface SarifLocation {
  readonly physicalLocation?: {
    readonly artifactLocation: { readonly uri: string };
    readonly region: { readonly startLine: number };
  };
  readonly logicalLocations?: readonly { readonly fullyQualifiedName: string; readonly kind: 'object' }[];
}

const codes: readonly string[] = [invalidManifest, ...problemReasons];

/** Findings as a SARIF log, as code hosts and editors read it. @param uriOf the file's URI, relative to where the log is read Pure. */
export function sarifLog(findings: readonly Finding[], version: string, uriOf: (file: string) => string): SarifLog {
  const used = codes.filter((code) => findings.some((finding) => finding.code === code));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'smartproxy-ingress', version, rules: used.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, used, uriOf)),
      },
    ],
  };
}

function ruleOf(code: string): SarifRule {
  const doc = isReason(code)
    ? reasonDoc(code)
    : {
        level: 'error' as const,
        when: 'A file, or an object in it, can not be read.',
        meanwhile: 'It is left out; the last good content of a file that is served counts on.',
      };
  return {
    id: code,
    shortDescription: { text: doc.when },
    fullDescription: { text: `${doc.when} ${doc.meanwhile}` },
    help: { text: `${doc.when}\nMeanwhile: ${doc.meanwhile}\nWhat to do is said by each finding.` },
    defaultConfiguration: { level: doc.level },
  };
}

function isReason(code: string): code is ProblemReason {
  return (problemReasons as readonly string[]).includes(code);
}

function resultOf(finding: Finding, used: readonly string[], uriOf: (file: string) => string): SarifResult {
  const { code, level, object, field, file, line, message } = finding;
  const physical =
    file === undefined ? {} : { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line ?? 1 } } };
  const logical =
    object === undefined
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: `${object}${field === '' ? '' : ` ${field}`}`, kind: 'object' as const }] };
  const location = { ...physical, ...logical };
  return {
    ruleId: code,
    ruleIndex: used.indexOf(code),
    level,
    message: { text: message },
    locations: Object.keys(location).length === 0 ? [] : [location],
    partialFingerprints: { 'codeObjectField/v1': [code, object ?? file ?? '', field].join(' ') },
  };
}
