import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './oci-container.ts';

export interface UnpackedImage {
  readonly config: ImageConfig;
  /** The root file system. */
  readonly folder: string;
  /** Of the program itself, without Node and the base. */
  readonly bundleBytes: number;
}

/** Unpacks an archive as `docker save` writes it: all its layers, one over the other, into `folder`, which must not exist. */
export function unpackImage(archive: string, folder: string): UnpackedImage {
  mkdirSync(folder);
  const scratch = mkdtempSync(`${folder}-layers-`);
  try {
    execFileSync('tar', ['-xf', archive, '-C', scratch]);
    const [image] = JSON.parse(readFileSync(join(scratch, 'manifest.json'), 'utf8')) as [{ Config: string; Layers: string[] }];
    for (const layer of image.Layers) execFileSync('tar', ['--numeric-owner', '-xpf', join(scratch, layer), '-C', folder]);
    const { config } = JSON.parse(readFileSync(join(scratch, image.Config), 'utf8')) as { config: ImageConfig };
    const files = globSync('app/**/*', { cwd: folder }).map((path) => statSync(join(folder, path)));
    return { config, folder, bundleBytes: files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
