import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, SmartProxyError } from '../errors.ts';

const run = promisify(execFile);
const refreshTimeoutMs = 120_000;

type Program = readonly [name: string, ...args: string[]];

/** A folder for CAs of the machine's owner, and what makes programs hear of a change in it. */
interface StoreKind {
  readonly folder: string;
  readonly afterAdding: Program;
  readonly afterRemoving: Program;
}

const storeKinds: readonly StoreKind[] = [
  // Debian and its kin, Alpine.
  {
    folder: '/usr/local/share/ca-certificates',
    afterAdding: ['update-ca-certificates'],
    afterRemoving: ['update-ca-certificates', '--fresh'],
  },
  // Fedora and its kin.
  { folder: '/etc/pki/ca-trust/source/anchors', afterAdding: ['update-ca-trust'], afterRemoving: ['update-ca-trust'] },
  // Arch.
  {
    folder: '/etc/ca-certificates/trust-source/anchors',
    afterAdding: ['trust', 'extract-compat'],
    afterRemoving: ['trust', 'extract-compat'],
  },
];

/** The CAs that programs of this machine trust. Every change throws TRUST_FAILED where it can't be made, and then leaves nothing behind. */
export class TrustStore {
  readonly #kind: StoreKind;

  private constructor(kind: StoreKind) {
    this.#kind = kind;
  }

  /** That of this machine. Throws TRUST_FAILED where it is of no kind that is known. */
  static async find(): Promise<TrustStore> {
    for (const kind of storeKinds) if (await isFolder(kind.folder)) return new TrustStore(kind);
    const folders = storeKinds.map(({ folder }) => folder).join(', ');
    throw new SmartProxyError('TRUST_FAILED', `Cannot find this machine's store of CAs: none of ${folders} is there; ${otherWay}`);
  }

  /** Where a certificate (PEM) is kept when it is trusted. */
  pathOf(certificate: string): string {
    const { raw } = new X509Certificate(certificate);
    return join(this.#kind.folder, `smartproxy-ingress-${createHash('sha256').update(raw).digest('hex').slice(0, 16)}.crt`);
  }

  async has(certificate: string): Promise<boolean> {
    return (await readFile(this.pathOf(certificate), 'utf8').catch(() => undefined)) !== undefined;
  }

  async add(certificate: string): Promise<void> {
    const path = this.pathOf(certificate);
    try {
      await writeFile(path, `${certificate.trim()}\n`, { mode: 0o644 });
      await refresh(this.#kind.afterAdding);
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      throw failure('trust the local CA', error);
    }
  }

  async remove(certificate: string): Promise<void> {
    try {
      await rm(this.pathOf(certificate), { force: true });
      await refresh(this.#kind.afterRemoving);
    } catch (error) {
      throw failure('take back the trust in the local CA', error);
    }
  }
}

const otherWay = 'print it with --print, and give it to your clients yourself';

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function refresh([name, ...args]: Program): Promise<void> {
  await run(name, args, { timeout: refreshTimeoutMs });
}

function failure(action: string, cause: unknown): SmartProxyError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const advice = code === 'EACCES' || code === 'EPERM' ? `run this as root, or ${otherWay}` : otherWay;
  return new SmartProxyError('TRUST_FAILED', `Cannot ${action}: ${messageOf(cause)}; ${advice}`, { cause });
}
