import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../src/api/objects.ts';
import { dumpTable } from '../../src/routes/table-dump.ts';
import { validateTable } from '../../src/routes/validate-table.ts';
import { ObjectStore } from '../../src/sources/object-store.ts';
import { configStatusOf } from '../../src/translate/smart-proxy-config-statuses.ts';
import { statusOf } from '../../src/translate/smart-route-statuses.ts';
import { translate } from '../../src/translate/translate.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';
import { defaultOptions } from './default-options.ts';

/**
 * Pairs of files: `<case>.in.yaml` holds objects as users write them (and, when its first document has `options`, settings of the
 * installation), `<case>.out.yaml` the route table, statuses and problems that come of them. UPDATE_GOLDEN=1 writes the latter anew.
 */
const folder = import.meta.dirname;
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => file.slice(0, -'.in.yaml'.length));

test('golden folder has cases', () => assert.ok(cases.length > 0));

for (const name of cases) {
  test(`golden ${name}: objects become the route table, statuses and problems on file`, () => {
    const { options, objects } = readCase(name);
    const store = new ObjectStore();
    for (const object of objects) store.apply(object);
    const translation = translate(store.snapshot(), options);
    assert.deepEqual(validateTable(translation.routeTable), []);

    const { listeners, l4, settings, pages, challenges: _, ...parts } = dumpTable(translation.routeTable);
    const { statuses, smartRoutes, smartProxyConfigs, problems, referencedSecrets, hostsWithoutCertificate } = translation;
    const routes = smartRoutes.map((state) => {
      const { object, ...status } = statusOf(state, translation.routeTable.endpoints, true);
      return { object: nameOf(object), ...status };
    });
    const configs = smartProxyConfigs.map((state) => {
      const { object, listeners: all, ...status } = configStatusOf(state, new Map(), true);
      return { object: nameOf(object), ...status, listeners: all.map(({ name, conditions }) => ({ name, conditions })) };
    });
    const table = {
      ...(configs.length === 0 ? {} : { listeners }),
      ...parts,
      ...(Object.keys(l4).length === 0 ? {} : { l4 }),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
      ...(Object.keys(pages).length === 0 ? {} : { pages }),
    };
    const text = stringify(
      {
        table,
        statuses: statuses.map(({ object, publish }) => ({ object: nameOf(object), publish })),
        ...(routes.length === 0 ? {} : { smartRoutes: routes }),
        ...(configs.length === 0 ? {} : { smartProxyConfigs: configs }),
        problems: problems.map(({ object, ...rest }) => ({ object: nameOf(object), ...rest })),
        referencedSecrets,
        hostsWithoutCertificate,
      },
      { lineWidth: 0, aliasDuplicateObjects: false },
    );
    const file = `${folder}/${name}.out.yaml`;
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}

function readCase(name: string): { readonly options: TranslateOptions; readonly objects: readonly KubeObject[] } {
  const documents = parseAllDocuments(readFileSync(`${folder}/${name}.in.yaml`, 'utf8')).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as KubeObject | { readonly options: Partial<TranslateOptions> };
  });
  const settings = documents.find((document) => 'options' in document);
  const objects = documents.filter((document): document is KubeObject => 'kind' in document);
  return { options: { ...defaultOptions, ...settings?.options }, objects };
}

function nameOf(object: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}
