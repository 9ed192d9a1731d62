import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which release an image is of: what its labels say. */
export interface ImageFacts {
  readonly version: string;
  /** The commit; `unknown` outside of a repository. */
  readonly revision: string;
  /** When the commit was made (RFC 3339), so that the same commit gives the same labels. */
  readonly created: string;
}

/** What the checkout in `root` says of itself. */
export function readImageFacts(root: string): ImageFacts {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };
  try {
    const [revision = '', created = ''] = execFileSync('git', ['log', '-1', '--format=%H %cI'], { cwd: root, encoding: 'utf8' })
      .trim()
      .split(' ');
    return { version, revision, created };
  } catch {
    return { version, revision: 'unknown', created: new Date(0).toISOString() };
  }
}

/** Arguments of `docker build`, which podman and buildah take too: everything but the folder. */
export function imageArguments(tag: string, { version, revision, created }: ImageFacts): readonly string[] {
  const facts = { VERSION: version, REVISION: revision, CREATED: created };
  return ['--tag', tag, ...Object.entries(facts).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])];
}
