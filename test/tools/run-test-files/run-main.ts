// Runs the files that it is given as tools/test.ts does, in 3 s each: `run` refuses to run within a test. Prints a line for each event.
import { runTestFiles } from '../../../tools/run-test-files.ts';

await runTestFiles(process.argv.slice(2), {
  concurrency: 1,
  fileTimeoutMs: 3000,
  begun: (stream) => {
    stream.on('test:pass', ({ name }) => console.log(`passed: ${name}`));
    stream.on('test:fail', ({ name }) => console.log(`failed: ${name}`));
    stream.resume();
  },
  ended: (file) => console.log(`ended: ${file}`),
  overdue: (file) => console.log(`overdue: ${file}`),
});
