import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import { ran } from '../../tools/ran-command.ts';
import { RunningCommand, temporaryFolder } from '../../tools/running-command.ts';
import { sarifValidatorUnavailable, validateSarif } from '../../tools/sarif-validator.ts';

/** What the validator would like and we do not have. */
const acceptedRules: Readonly<Record<string, string>> = {
  SARIF2005: 'there is no page about the program that a log could name',
};

suite('SARIF of lint, by the validator of its SDK and by what GitHub takes', { skip: sarifValidatorUnavailable() ?? false }, () => {
  test('a log of every golden, of broken files, of standard input and without findings is valid', async (t) => {
    const [manifests, logs] = [await temporaryFolder(t), await temporaryFolder(t)];
    await mkdir(join(manifests, 'a b', 'ü#%'), { recursive: true });
    const goldens = globSync('test/golden/*.in.yaml');
    for (const file of goldens) await cp(file, join(manifests, 'a b', 'ü#%', basename(file)));
    await writeFile(join(manifests, 'broken.yaml'), 'a: [');
    const lint = async (name: string, ...args: readonly string[]): Promise<number> => {
      const { output } = await ran('lint', ...args, '--format', 'sarif', '--fail-on', 'never');
      await writeFile(join(logs, `${name}.sarif`), output);
      return JSON.parse(output).runs[0].results.length;
    };
    const home = process.cwd();
    process.chdir(manifests);
    const together = await lint('together', '-f', '.').finally(() => process.chdir(home));
    assert.ok(together > 50, `${together} findings`);
    assert.match(await readFile(join(logs, 'together.sarif'), 'utf8'), /"uri": "a%20b\/%C3%BC%23%25\/bad-input\.in\.yaml"/);
    assert.equal(await lint('nothing', '-f', 'examples/quickstart'), 0);
    await Promise.all(['bad-input', 'smart-route-l4'].map((name) => lint(name, '-f', `test/golden/${name}.in.yaml`)));
    const input = new RunningCommand(t, ['lint', '-f', '-', '--format', 'sarif', '--fail-on', 'never']);
    input.child.stdin?.end('kind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {name: web}\nspec: {}');
    assert.equal(await input.exit(), 0, input.output);
    await writeFile(join(logs, 'input.sarif'), input.output);
    const complaints = await validateSarif(logs);
    const { accepted = [], others = [] } = Object.groupBy(complaints, ({ rule }) => (rule in acceptedRules ? 'accepted' : 'others'));
    assert.deepEqual(others, []);
    assert.deepEqual(new Set(accepted.map(({ rule }) => rule)), new Set(Object.keys(acceptedRules)), 'what is accepted still occurs');
  });
});
