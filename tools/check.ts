// The one gate: `npm run check`. Types, lint and format, import direction and cycles, generated files, unused code.
import { checkImports } from './check-imports.ts';
import { staleGeneratedFiles } from './generated-files.ts';
import { runCommand } from './run-command.ts';

const bin = (name: string): string => `node_modules/.bin/${name}`;

interface Step {
  readonly name: string;
  /** Resolves to problems; empty when the step passes. */
  readonly run: () => Promise<readonly string[]>;
}

async function command(name: string, ...args: readonly string[]): Promise<readonly string[]> {
  const code = await runCommand(bin(name), args);
  return code === 0 ? [] : [`${name} exited with ${code}`];
}

const steps: readonly Step[] = [
  { name: 'types', run: () => command('tsc', '-p', '.') },
  { name: 'types of the web UI', run: () => command('tsc', '-p', 'src/observability/ui/browser') },
  { name: 'lint, format and import cycles', run: () => command('biome', 'check', '--error-on-warnings', '.') },
  { name: 'import direction', run: async () => checkImports() },
  { name: 'generated files', run: async () => staleGeneratedFiles() },
  { name: 'unused code', run: () => command('knip') },
];

let failed = 0;
for (const step of steps) {
  const problems = await step.run();
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${step.name}`);
  for (const problem of problems) console.log(`     ${problem}`);
  if (problems.length > 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
