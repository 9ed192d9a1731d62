import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dumpTable } from '../../../src/routes/table-dump.ts';
import { validateTable } from '../../../src/routes/validate-table.ts';
import { Translator, translate } from '../../../src/translate/translate.ts';
import type { Translation } from '../../../src/translate/translation.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { certificateSecret, certificateSecrets } from '../../unit/translate/certificate-secrets.ts';
import { edits, garbage, maxEdits } from './arbitrary-objects.ts';
import { SnapshotModel } from './snapshot-model.ts';

const options = { ...defaultOptions, configNamespace: 'a', defaultBackend: 'a/web:80', defaultCertificate: 'a/tls-1' };
/** Before, within and after the validity of the short-lived certificate. */
const times = fc.constantFrom(Date.UTC(2025, 5, 1), Date.UTC(2026, 0, 15), Date.UTC(2026, 5, 1));

/** Services with endpoints and Secrets in both namespaces, so that edits of Ingresses find something to refer to. */
function startingModel(): SnapshotModel {
  const model = new SnapshotModel();
  for (const namespace of ['a', 'b']) {
    for (const [index, name] of ['web', 'api'].entries()) {
      model.set('Service', `${namespace}/${name}`, { kind: 'Service', metadata: {}, spec: { ports: [{ name: 'http', port: 80 }] } });
      model.set('EndpointSlice', `${namespace}/${name}-0`, {
        kind: 'EndpointSlice',
        metadata: { labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 8080 }],
        endpoints: [{ addresses: [`10.1.0.${index}`] }],
      });
    }
    for (const [key, name] of Object.entries({ 'tls-1': 'shop-ec', 'tls-2': 'wild', 'tls-3': 'shop-rsa' })) {
      model.set('Secret', `${namespace}/${key}`, certificateSecret(name));
    }
  }
  return model;
}

/** All that a translation says, with equal tables giving equal data. */
function dump(translation: Translation): unknown {
  const { routeTable, ...rest } = translation;
  return { ...rest, table: dumpTable(routeTable) };
}

test('translate: incremental equals from scratch for any sequence of edits, and every table is valid', () => {
  fc.assert(
    fc.property(edits(certificateSecrets), fc.array(times, { minLength: maxEdits, maxLength: maxEdits }), (sequence, clock) => {
      const model = startingModel();
      const translator = new Translator(options);
      sequence.forEach(({ kind, key, object }, index) => {
        if (object === undefined) model.remove(kind, key);
        else model.set(kind, key, object);
        const nowMs = clock[index] ?? 0;
        const incremental = translator.translate(model.view(), nowMs);
        assert.deepEqual(dump(incremental), dump(translate(model.view(), { ...options, nowMs })));
        assert.deepEqual(validateTable(incremental.routeTable), []);
      });
    }),
    { numRuns: 60 },
  );
});

test('translate: the order of the objects does not matter', () => {
  fc.assert(
    fc.property(edits(certificateSecrets), (sequence) => {
      const model = startingModel();
      for (const { kind, key, object } of sequence) if (object !== undefined) model.set(kind, key, object);
      assert.deepEqual(dump(translate(model.reversed(), options)), dump(translate(model.view(), options)));
    }),
    { numRuns: 100 },
  );
});

test('translate: unchanged entries of the table keep their reference from one translation to the next', () => {
  fc.assert(
    fc.property(edits(certificateSecrets), (sequence) => {
      const model = startingModel();
      const translator = new Translator(options);
      let before = translator.translate(model.view(), options.nowMs).routeTable;
      for (const { kind, key, object } of sequence) {
        if (object === undefined) model.remove(kind, key);
        else model.set(kind, key, object);
        const after = translator.translate(model.view(), options.nowMs).routeTable;
        const [dumpBefore, dumpAfter] = [dumpTable(before), dumpTable(after)];
        for (const part of ['listeners', 'hosts', 'l4', 'policies', 'services', 'endpoints', 'certificates'] as const) {
          for (const [name, entry] of after[part]) {
            const wasEqual = JSON.stringify(dumpBefore[part][name]) === JSON.stringify(dumpAfter[part][name]);
            if (wasEqual) assert.ok(before[part].get(name) === entry, `${part} ${name} was made again`);
          }
        }
        before = after;
      }
    }),
    { numRuns: 60 },
  );
});

test('translate: whatever the objects hold, it answers with a valid table and bounded problems', () => {
  fc.assert(
    fc.property(fc.array(garbage(), { maxLength: 8 }), (sequence) => {
      const model = startingModel();
      const translator = new Translator(options);
      for (const { kind, key, object } of sequence) {
        if (object !== undefined) model.set(kind, key, object);
        const { routeTable, problems } = translator.translate(model.view(), options.nowMs);
        assert.deepEqual(validateTable(routeTable), []);
        for (const problem of problems) assert.ok(problem.message.length <= 1000 && problem.message.length > 10);
      }
    }),
    { numRuns: 500 },
  );
});
