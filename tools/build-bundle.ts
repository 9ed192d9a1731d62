import { build } from 'esbuild';

/** Bundles the program into `outdir`: main.js, the thread that checks passwords, and their chunks with source maps. A worker loads only its own chunks. */
export async function buildBundle(outdir: string): Promise<void> {
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
