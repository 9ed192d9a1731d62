import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionRules } from '../../../src/networkproxy/http2/connection-rule.ts';
import { hostileConnections, rulesOfOthers } from '../../corpus/http2/hostile-connections.ts';
import { RecordedConnection } from '../../tools/recorded-http2.ts';

function piecesOf(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

describe('a hostile HTTP/2 connection', () => {
  it('stands in the corpus once', () => {
    const titles = hostileConnections.map(({ rule, name }) => `${rule}: ${name}`);
    assert.equal(new Set(titles).size, titles.length);
  });

  it('stands there for every rule of connections', () => {
    const broken = new Set<string>([...hostileConnections.map(({ rule }) => rule), ...rulesOfOthers]);
    assert.deepEqual(
      Object.keys(connectionRules).filter((rule) => !broken.has(rule)),
      [],
    );
  });

  for (const { rule, name, bytes } of hostileConnections) {
    it(`ends for its rule, however it is cut: ${rule}: ${name}`, () => {
      for (const size of [bytes.length, 4093, 7, ...(bytes.length < 10_000 ? [1] : [])]) {
        assert.equal(new RecordedConnection().read(piecesOf(bytes, size)).rule, rule, `in pieces of ${size}`);
      }
    });
  }
});
