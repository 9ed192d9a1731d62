import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PluginArguments, pluginArguments } from '../../../src/cli/kubectl/plugin-arguments.ts';

const byDefault: PluginArguments = {
  namespace: 'smartproxy-ingress',
  cluster: [],
  pod: undefined,
  adminPort: '10255',
  ownFlag: undefined,
  command: [],
};

test("the plugin's own flags are taken out wherever they stand, and the rest is the command's", () => {
  const table: readonly (readonly [args: readonly string[], given: Partial<PluginArguments>])[] = [
    [['status'], { command: ['status'] }],
    [['-n', 'edge', 'status', '--json'], { namespace: 'edge', ownFlag: '-n', command: ['status', '--json'] }],
    [['routes', '--search', 'shop', '-nedge'], { namespace: 'edge', ownFlag: '-nedge', command: ['routes', '--search', 'shop'] }],
    [['status', '--namespace=edge', '--pod', 'a-1'], { namespace: 'edge', pod: 'a-1', ownFlag: '--namespace=edge', command: ['status'] }],
    [
      ['--kubeconfig', '/k', '--context=prod', 'status'],
      { cluster: ['--context=prod', '--kubeconfig=/k'], ownFlag: '--kubeconfig', command: ['status'] },
    ],
    [['status', '--admin-port', '9091'], { adminPort: '9091', ownFlag: '--admin-port', command: ['status'] }],
    [['explain', 'http://a/', '--header', 'A: b'], { command: ['explain', 'http://a/', '--header', 'A: b'] }],
  ];
  for (const [args, given] of table) assert.deepEqual(pluginArguments(args), { ...byDefault, ...given }, args.join(' '));
});

test('a flag without a value, or a port that is none, is refused', () => {
  assert.throws(() => pluginArguments(['status', '-n']), { code: 'CONFIG_INVALID', message: 'Cannot use -n without a value' });
  for (const port of ['x', '0', '70000'])
    assert.throws(() => pluginArguments([`--admin-port=${port}`, 'status']), { code: 'CONFIG_INVALID' });
});
