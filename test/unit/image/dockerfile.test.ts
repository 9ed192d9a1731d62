import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { baseImages, dockerfileDefault, nftablesDockerfile } from '../../tools/image/stand-in-bases.ts';

const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

test('Dockerfile: its version and its Node are those of package.json', () => {
  assert.equal(dockerfileDefault('VERSION'), packageJson.version);
  assert.equal(/:(.+)-bookworm-slim$/.exec(baseImages.build)?.[1], packageJson.dependencies.node);
});

test('Dockerfile: the runtime image is of the Debian release whose Node it runs', () => {
  assert.match(baseImages.build, /-bookworm-/);
  assert.match(baseImages.runtime, /-debian12:nonroot$/);
});

test('Dockerfile: the one with nft starts from this version, on the same Debian release', () => {
  assert.equal(dockerfileDefault('IMAGE', nftablesDockerfile), `smartproxy-ingress:${packageJson.version}`);
  assert.match(dockerfileDefault('TOOLS_IMAGE', nftablesDockerfile), /:bookworm-slim$/);
});

test('Dockerfile: every file that it copies from the checkout comes through .dockerignore', () => {
  const copied = [...readFileSync('Dockerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  );
  const patterns = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const allowed = patterns.map((pattern) => new RegExp(`^${pattern.slice(1).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`));
  assert.ok(copied.length > 5);
  for (const path of copied)
    assert.ok(
      allowed.some((pattern) => pattern.test(path)),
      path,
    );
});
