import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type FieldPlace, locateFields } from '../../../src/sources/manifests/locate-fields.ts';

const text = 'kind: Service\nmetadata:\n  name: web\nspec:\n  ports: []';

function place(location: string, field = 'spec.ports'): FieldPlace {
  return { location, kind: 'Service', name: 'web', field };
}

suite('locate fields', () => {
  test('each file is read once, and none for what has no field', async () => {
    const read: string[] = [];
    const textOf = async (file: string): Promise<string> => {
      read.push(file);
      return text;
    };
    const places = [place('b:c.yaml:1'), place('a.yaml:1', ''), place('d.yaml:1', 'spec'), place('b:c.yaml:1', 'metadata.name')];
    assert.deepEqual(await locateFields(places, textOf), ['b:c.yaml:5', 'a.yaml:1', 'd.yaml:4', 'b:c.yaml:3']);
    assert.deepEqual(read, ['b:c.yaml', 'd.yaml']);
  });

  test('beyond the most files, and where a file is not to be had, the line stays that of the object', async () => {
    const textOf = async (file: string): Promise<string | undefined> => (file === 'gone.yaml' ? undefined : text);
    const places = ['gone.yaml:7', 'a.yaml:1', 'b.yaml:1'].map((location) => place(location));
    assert.deepEqual(await locateFields(places, textOf, 2), ['gone.yaml:7', 'a.yaml:5', 'b.yaml:1']);
  });
});
