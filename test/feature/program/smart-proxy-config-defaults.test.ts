import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { defaultCases } from '../../tools/defaults/all-cases.ts';
import { listener } from '../../tools/defaults/connection-cases.ts';
import { type DefaultCase, defaultsOf, fieldsOf, host, type Inheritor, type Start } from '../../tools/defaults/default-case.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, service, smartProxyConfig, smartRoute, tlsSecret, udpService } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const secret = tlsSecret('shop-tls', await makeTestCertificate(host));

/** An object that says nothing of what the case is about. */
function silentObject({ connection, udp, tls }: DefaultCase, inheritor: Inheritor): string {
  if (udp !== undefined) return smartRoute('shop', { listeners: [listener], udp: { backends: [{ name: 's', port: { name: 'dns' } }] } });
  const isWhole = connection !== undefined;
  if (inheritor === 'Ingress')
    return ingress('shop', {
      rules: { [host]: [['/', 'Prefix', 's']] },
      ...(tls === true && { tls: [{ hosts: [host], secret: 'shop-tls' }] }),
      ...(isWhole && { annotations: { 'smartproxy.dev/tls-passthrough': 'true' } }),
    });
  if (isWhole) return smartRoute('shop', { listeners: [listener], tcp: { backends: [{ name: 's', port: { name: 'web' } }] } });
  return smartRoute('shop', {
    hosts: [host],
    ...(tls === true && { tls: { mode: 'Terminate', certificate: { secretRef: { name: 'shop-tls' } } } }),
    http: { rules: [{ name: 'all', action: forwardTo('s') }] },
  });
}

/** What there is to see with these defaults. */
async function seen(found: DefaultCase, inheritor: Inheritor, defaults: object | undefined, t: TestContext): Promise<unknown> {
  const isTcp = found.connection !== undefined && inheritor === 'SmartRoute';
  const isUdp = found.udp !== undefined;
  const listeners = isTcp || isUdp ? [{ name: listener, port: await freePort(), protocol: isUdp ? 'UDP' : 'TCP' }] : undefined;
  const start: Start = async (endpoints, more = '') => {
    const backend = isUdp ? udpService('s', endpoints[0] ?? 0) : service('s', ...endpoints);
    const objects = secret + backend + silentObject(found, inheritor) + more;
    const program = await Program.start(objects + smartProxyConfig({ listeners, defaults }), found.flags);
    t.after(() => program[Symbol.asyncDispose]());
    assert.deepEqual(program.problems, []);
    return program;
  };
  return found.look(start, t);
}

describe('defaults of a SmartProxyConfig, field by field', () => {
  for (const found of defaultCases) {
    const { inheritors = ['SmartRoute', 'Ingress'] } = found;
    const names = fieldsOf(found).map((field) => field.replace('defaults.', ''));
    // Given up long before the options let go of what they are set to.
    it(names.join(', '), { timeout: 240_000 }, async (t) => {
      if ('without' in found)
        await t.test('without them', async (own) => assert.deepEqual(await seen(found, 'SmartRoute', undefined, own), found.without));
      for (const inheritor of inheritors) {
        await t.test(`with them, ${inheritor}`, async (own) =>
          assert.deepEqual(await seen(found, inheritor, defaultsOf(found), own), found.with),
        );
      }
    });
  }
});
