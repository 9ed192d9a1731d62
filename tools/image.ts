// `npm run image [-- PROGRAM [ARG ...]]`: builds the image with docker (or podman, buildah) and says in its labels what it is of.
import { imageArguments, readImageFacts } from './image-arguments.ts';
import { runCommand } from './run-command.ts';

const [program = 'docker', ...more] = process.argv.slice(2);
const facts = readImageFacts('.');
process.exit(await runCommand(program, ['build', ...imageArguments(`smartproxy-ingress:${facts.version}`, facts), ...more, '.']));
