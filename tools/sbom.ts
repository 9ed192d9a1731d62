// `npm run sbom [-- FILE]`: the software bill of materials as the image carries it, into FILE or dist/sbom.cdx.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildSbom } from './build-sbom.ts';

const file = process.argv[2] ?? 'dist/sbom.cdx.json';
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, buildSbom('.'));
