import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { KubernetesStatus } from '../../../src/sources/kubernetes/kubernetes-status.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { Troubles } from '../../../src/sources/troubles.ts';
import type { SmartProxyConfigStatusContent } from '../../../src/translate/smart-proxy-config-statuses.ts';
import { eventually } from '../../tools/eventually.ts';
import { RecordedLog } from '../../tools/recorded-log.ts';
import { ScriptedApi, sendJson } from '../../tools/scripted-api.ts';

test('a listener whose port is taken is a Warning Event on its SmartProxyConfig, beside those of translation', async (context) => {
  const events: { readonly reason: string; readonly note: string; readonly regarding: { readonly kind: string; readonly name: string } }[] =
    [];
  const api = await ScriptedApi.start(async (request, response) => {
    if (request.method !== 'POST') return sendJson(response, 404, {});
    const event = JSON.parse(await text(request));
    events.push(event);
    sendJson(response, 201, event);
  });
  const [log, store] = [new RecordedLog(), new ObjectStore()];
  const status = new KubernetesStatus({
    ...{ client: api.client, store, log, troubles: new Troubles({ store, log }), timings: { eventSettleMs: 1 } },
    config: {
      ...{ status: false, publishService: undefined, publishAddresses: [], leaderElection: false, leaseName: 'lease' },
      ...{ podNamespace: 'own', podName: 'pod', podUid: undefined },
    },
  });
  context.after(async () => {
    await status.close();
    await api.close();
  });
  const object = { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', namespace: 'own', name: 'main', uid: 'u' };
  const config = (isTaken: boolean): SmartProxyConfigStatusContent => ({
    ...{ object, generation: 1, summary: '', conditions: [] },
    listeners: [
      {
        name: 'mail',
        field: 'spec.listeners[0]',
        conditions: [
          {
            type: 'Programmed',
            ...(isTaken
              ? { status: 'False', reason: 'AddressInUse', message: 'Cannot listen on 0.0.0.0:2525: address in use.' }
              : { status: 'True', reason: 'Programmed', message: 'x' }),
          },
        ],
      },
    ],
  });
  status.start();
  status.updateObjects([], [config(true)]);
  status.update({ statuses: [], problems: [{ object, reason: 'PortConflict', field: 'spec.listeners[1].port', message: 'other' }] });
  await eventually('both are told', () => events.length === 2);
  assert.deepEqual(events.map(({ reason }) => reason).sort(), ['AddressInUse', 'PortConflict']);
  const taken = events.find(({ reason }) => reason === 'AddressInUse');
  assert.deepEqual([taken?.regarding.kind, taken?.regarding.name], ['SmartProxyConfig', 'main']);
  assert.match(taken?.note ?? '', /spec\.listeners\[0\]\.port: Cannot listen on 0\.0\.0\.0:2525: address in use; free the port/);
  status.updateObjects([], [config(false)]);
  status.updateObjects([], [config(true)]);
  await eventually('it is told again when it comes back', () => events.length > 2);
});
