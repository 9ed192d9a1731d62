import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../src/errors.ts';
import { cacheFolder } from './cache-folder.ts';
import { withLock } from './lock-file.ts';
import { unpackNpmPackage } from './unpack-npm-package.ts';

const run = promisify(execFile);

/** The validator of the SARIF SDK, which has the schema of SARIF 2.1.0 in it and knows what the standard asks for beside. */
const pinned = {
  name: '@microsoft/sarif-multitool-linux',
  version: '5.7.0',
  integrity: 'sha512-NxUbpq6ISCWoTQ/NfOYEwEDKq1Heka/rMoJ5R5LMydcAZQX/X7g5mWHcgxDub+0M07LC96tZ5LZHvF1Qy3gjTA==',
  program: 'package/Sarif.Multitool',
} as const;

/** What is wrong with a log: `error GH2012 runs[0].tool.driver.rules[0]: ...`. */
export interface SarifComplaint {
  readonly file: string;
  readonly level: 'error' | 'warning' | 'note';
  /** `JSON1010` and the like: the schema. `SARIF1001` and the like: the standard. `GH1001` and the like: what GitHub takes. */
  readonly rule: string;
  readonly message: string;
}

/** Why logs can not be validated on this machine; undefined: they can. For `skip` of tests that need it. */
export function sarifValidatorUnavailable(): string | undefined {
  return process.platform === 'linux' && process.arch === 'x64' ? undefined : 'the pinned validator of SARIF is for Linux on x64';
}

/** What the validator says of all `.sarif` files in a folder, errors and warnings. */
export async function validateSarif(folder: string): Promise<readonly SarifComplaint[]> {
  const validator = await validatorProgram();
  const output = join(folder, 'complaints.json');
  const rules = ['--rule-kind', 'Sarif;Ghas', '--level', 'Error;Warning', '--log', 'ForceOverwrite'];
  // It ends with 1 where it has found errors. Without ICU it runs all the same.
  const env = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' };
  await run(validator, ['validate', join(folder, '*.sarif'), '--output', output, ...rules], { env }).catch((error: unknown) => {
    if (!existsSync(output)) throw error;
  });
  const { runs } = JSON.parse(readFileSync(output, 'utf8')) as ValidatorLog;
  return runs.flatMap(({ results, tool }) =>
    results.map(({ ruleId, level = 'warning', message, locations }) => {
      const templates = tool.driver.rules.find(({ id }) => id === ruleId)?.messageStrings ?? {};
      const text = message.text ?? templates[message.id ?? '']?.text ?? '';
      const said = text.replace(/\{(\d+)\}/g, (_, index) => message.arguments?.[Number(index)] ?? '');
      return { file: locations[0]?.physicalLocation.artifactLocation.uri ?? '', level, rule: ruleId, message: said };
    }),
  );
}

interface ValidatorLog {
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly rules: readonly { readonly id: string; readonly messageStrings?: Readonly<Record<string, { readonly text: string }>> }[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level?: SarifComplaint['level'];
      readonly message: { readonly text?: string; readonly id?: string; readonly arguments?: readonly string[] };
      readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }[];
    }[];
  }[];
}

async function validatorProgram(): Promise<string> {
  const folder = cacheFolder(`sarif-multitool-${pinned.version}`);
  const path = join(folder, 'Sarif.Multitool');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    await withLock(join(folder, 'lock'), note, () => fetchValidator(folder, path));
  }
  return path;
}

async function fetchValidator(folder: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  note('fetching with npm (once)');
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    await unpackNpmPackage(pinned, [pinned.program], work, note);
    chmodSync(join(work, pinned.program), 0o755);
    renameSync(join(work, pinned.program), path);
  } catch (error) {
    throw new Error(`Cannot fetch the validator of SARIF from ${pinned.name} ${pinned.version}: ${messageOf(error)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function note(text: string): void {
  process.stderr.write(`validator of SARIF ${pinned.version}: ${text}\n`);
}
