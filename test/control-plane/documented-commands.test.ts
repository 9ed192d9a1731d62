import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { adminToken, ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { commandsOfKind } from '../tools/documented-commands.ts';
import { kubectlProgram } from '../tools/helm-kubectl.ts';
import { startRun } from '../tools/running-command.ts';
import { passingShell } from '../tools/shell.ts';

const root = join(import.meta.dirname, '../..');
const own = 'smartproxy-ingress';
const account = serviceAccountUser(own, own);

test('documented commands for a cluster, in turn, with the program as the account that the first of them makes', async (t) => {
  const plane = await ControlPlane.start([account]);
  t.after(() => plane.stop());
  const folder = dirname(await kubectlProgram());
  const env = { KUBECONFIG: plane.kubeconfig(adminToken), PATH: `${folder}:${process.env.PATH}` };
  const [apply = '', ...others] = commandsOfKind('cluster');
  await t.test(apply, async () => {
    const said = await passingShell(apply, { folder: root, env });
    for (const made of ['deployment.apps', 'service', 'ingressclass.networking.k8s.io', 'serviceaccount']) {
      assert.ok(said.includes(`${made}/smartproxy`), `${made}: ${said}`);
    }
  });
  const args = ['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own, '--drain-delay=off'];
  const command = await startRun(t, args);
  await command.until(() => command.log.some(({ msg }) => String(msg).startsWith('this replica leads')));
  for (const other of others) {
    await t.test(other, async () => {
      const said = await passingShell(other, { folder: root, env });
      if (other.includes('base64 -d')) assert.match(said.trim(), /^\S{32}$/);
      if (other.includes(' lease ')) assert.match(said, /holderIdentity: ./);
    });
  }
});
