import { cp } from 'node:fs/promises';
import { build } from 'esbuild';

const ui = `${import.meta.dirname}/../src/observability/ui`;

/** Bundles the program into `outdir`, and the web UI into `ui` below it. */
export async function buildBundle(outdir: string): Promise<void> {
  await Promise.all([buildProgram(outdir), buildUi(`${outdir}/ui`)]);
}

/** main.js, the thread that checks passwords, and their chunks with source maps. A worker loads only its own chunks. */
async function buildProgram(outdir: string): Promise<void> {
  await build({
    entryPoints: {
      main: `${import.meta.dirname}/../src/main.ts`,
      'password-thread': `${import.meta.dirname}/../src/networkproxy/auth/password-thread-main.ts`,
    },
    outdir,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    // A package's own ES build first: a CommonJS one behind import() loses its named exports when it is split off.
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    minifySyntax: true,
    legalComments: 'linked',
    logLevel: 'warning',
    // Packages in CommonJS call require(); an ES module has none of its own.
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
}

/** The page as it is, its script and its style sheets as one file each. */
async function buildUi(outdir: string): Promise<void> {
  await build({
    entryPoints: [`${ui}/browser/app.ts`, `${ui}/style.css`],
    entryNames: '[name]',
    outdir,
    bundle: true,
    platform: 'browser',
    target: 'es2024',
    format: 'esm',
    minify: true,
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) await cp(`${ui}/${file}`, `${outdir}/${file}`);
}
