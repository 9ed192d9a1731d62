// Asks what its argument says and prints the answer: a process of its own, so that it can run in another network namespace.
import { ask } from './ask.ts';

process.stdout.write(JSON.stringify(await ask(JSON.parse(process.argv[2] ?? ''))));
