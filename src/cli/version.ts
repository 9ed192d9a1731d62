import packageJson from '../../package.json' with { type: 'json' };
import type { Command } from './command.ts';
import { exitCodes } from './exit-code.ts';

/** `version`: what runs here. */
export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version.',
  help: () => 'Usage: smartproxy-ingress version\n\nPrints the version of the program and of the Node that runs it.',
  async run(_args, { print }) {
    print(`smartproxy-ingress ${packageJson.version} (Node ${process.versions.node})`);
    return exitCodes.ok.code;
  },
};
