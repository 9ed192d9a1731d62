// `npm run bundle`: one file with a source map in dist/, for the image and the package.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  minifySyntax: true,
  keepNames: true,
  legalComments: 'linked',
  // Packages in CommonJS call require(); an ES module has none of its own.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
});
