import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The fields of package-lock.json that are read here. */
interface PackageLock {
  packages: Record<string, { readonly dev?: boolean; devDependencies?: unknown }>;
}

/** The fields of a CycloneDX document that differ from run to run. */
interface CycloneDx {
  serialNumber?: string;
  readonly metadata: { timestamp?: string };
}

/**
 * The CycloneDX SBOM of the production dependencies in `root`'s package-lock.json, by npm's own `sbom`; the same for the same files.
 * npm gets a lock file without development packages: with `--omit dev` it leaves out packages that both kinds need. Throws what npm said.
 */
export function buildSbom(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
  try {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; devDependencies?: unknown };
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as PackageLock;
    delete manifest.devDependencies;
    delete lock.packages['']?.devDependencies;
    lock.packages = Object.fromEntries(Object.entries(lock.packages).filter(([, { dev }]) => dev !== true));
    // npm calls the whole by the name of its folder.
    const cwd = join(folder, manifest.name);
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(cwd, 'package-lock.json'), JSON.stringify(lock));
    const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
    const sbom = JSON.parse(execFileSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })) as CycloneDx;
    delete sbom.serialNumber;
    delete sbom.metadata.timestamp;
    return `${JSON.stringify(sbom, null, 2)}\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
