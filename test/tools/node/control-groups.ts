import { existsSync, globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A new control group in each hierarchy of this machine, below that of this process: all that a node makes is below it. */
export class ControlGroups {
  readonly #folders: readonly string[];

  /** @param name of the groups */
  constructor(name: string) {
    this.#folders = parentFolders().map((parent) => join(parent, name));
    for (const folder of this.#folders) {
      mkdirSync(folder);
      // Version 1 lets nothing in before these are set.
      for (const setting of ['cpuset.cpus', 'cpuset.mems']) {
        const file = join(folder, setting);
        if (!folder.startsWith('/sys/fs/cgroup/unified') && existsSync(file) && readFileSync(file, 'utf8').trim() === '') {
          writeFileSync(file, readFileSync(join(folder, '..', setting)));
        }
      }
    }
  }

  /** Files that take the id of a process that is to be in the groups. */
  get processFiles(): readonly string[] {
    return this.#folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  /** Removes the groups and those below them; there are no processes in them any more. */
  remove(): void {
    for (const folder of this.#folders) {
      const below = globSync('**/', { cwd: folder }).map((path) => join(folder, path));
      // Longest first: children before their parents.
      for (const each of [...below, folder].sort((a, b) => b.length - a.length)) if (existsSync(each)) rmdirSync(each);
    }
  }
}

/** This process's groups of version 1 by hierarchy; on a machine with version 2 alone its root, since only there may siblings be made. */
function parentFolders(): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .map((fields) => ({ root: fields[3] ?? '', at: fields[4] ?? '', type: fields[fields.indexOf('-') + 1], options: fields.at(-1) ?? '' }));
  const own = readFileSync('/proc/self/cgroup', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  const versionOne = own.flatMap(([, controllers = '', path = '']) => {
    if (controllers === '') return [];
    const mount = mounts.find(
      ({ type, options }) => type === 'cgroup' && controllers.split(',').every((name) => options.split(',').includes(name)),
    );
    if (mount === undefined) return [];
    return [join(mount.at, path.startsWith(mount.root) ? path.slice(mount.root.length) : path)];
  });
  if (versionOne.length > 0) return versionOne;
  return mounts.filter(({ type }) => type === 'cgroup2').map(({ at }) => at);
}
