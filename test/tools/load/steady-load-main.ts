// A process that sends the load of its argument, a LoadPlan, until its standard input ends; then it prints the LoadReport.
import { steadyLoad } from './steady-load.ts';

const stop = new AbortController();
process.stdin.on('data', () => {}).once('end', () => stop.abort());
process.stdout.write(JSON.stringify(await steadyLoad(JSON.parse(process.argv[2] ?? ''), stop.signal)));
