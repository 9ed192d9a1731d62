import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { debianPackagesObstacle, installDebianPackages } from '../debian-packages.ts';
import { withLock } from '../lock-file.ts';

const packages = ['chromium', 'fonts-dejavu-core'];
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
const note = (text: string): void => void process.stderr.write(`${text}\n`);

function isInstalled(): boolean {
  return existsSync(program) && spawnSync(program, ['--version']).status === 0;
}

/** Why there is no Chromium here; undefined when there is one or it can be had. */
export function browserObstacle(): string | undefined {
  return isInstalled() ? undefined : debianPackagesObstacle(packages);
}

/** Skips a test where there is no browser; not in CI, which must have one. */
export function browserSkip(): string | false {
  const obstacle = browserObstacle();
  return obstacle !== undefined && process.env.CI !== 'true' ? `no Chromium: ${obstacle}` : false;
}

/** Installs Chromium from the machine's own Debian release where it is missing. */
export async function installBrowser(): Promise<void> {
  if (isInstalled()) return;
  await withLock(join(tmpdir(), 'smartproxy-chromium.lock'), note, async () => {
    if (!isInstalled()) await installDebianPackages(packages);
  });
}

/** A headless Chromium that speaks with nobody but the pages that a test opens. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  await installBrowser();
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}
