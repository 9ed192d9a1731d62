import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndpointRuntime } from '../../../src/balancing/endpoint-runtime.ts';
import { boundedLoad, pickByHash } from '../../../src/balancing/pick-by-hash.ts';
import { ServiceLoad } from '../../../src/balancing/service-load.ts';
import { hashText } from '../../../src/balancing/stable-hash.ts';

const owner = { load: new ServiceLoad(), connectSucceeded: () => {}, connectFailed: () => {}, answered: () => {} };

/** An endpoint of the test; equal numbers have equal keys. */
function endpoint(n: number): EndpointRuntime {
  const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  return new EndpointRuntime('s', { address, port: 8080, state: 'ready', zone: undefined, forZones: [] }, owner);
}

function pick(endpoints: readonly EndpointRuntime[], hash: number, avoid?: EndpointRuntime): EndpointRuntime | undefined {
  return pickByHash(endpoints, hash, avoid, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
}

const numbers = fc.uniqueArray(fc.nat({ max: 0xff_ffff }), { minLength: 3, maxLength: 40 });
const keys = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 60 });

test('an endpoint that goes gives up its own keys alone, and one that comes takes keys for itself alone', () => {
  fc.assert(
    fc.property(numbers, fc.nat(), keys, (all, which, texts) => {
      const changing = all[which % all.length] as number;
      const with_ = all.map(endpoint);
      const without = all.filter((n) => n !== changing).map(endpoint);
      for (const text of texts) {
        const hash = hashText(text);
        const before = pick(with_, hash)?.key;
        if (before !== endpoint(changing).key) assert.equal(pick(without, hash)?.key, before);
      }
    }),
  );
});

test('the order of endpoints does not matter, and other objects for the same addresses agree', () => {
  fc.assert(
    fc.property(numbers, keys, (all, texts) => {
      const [here, there] = [all.map(endpoint), all.toReversed().map(endpoint)];
      for (const text of texts) assert.equal(pick(here, hashText(text))?.key, pick(there, hashText(text))?.key);
    }),
  );
});

test('what is avoided, ejected or full is passed over, for the one that would be picked without it', () => {
  fc.assert(
    fc.property(numbers, keys, fc.constantFrom('avoid', 'eject', 'fill'), (all, texts, how) => {
      for (const text of texts) {
        const hash = hashText(text);
        const endpoints = all.map(endpoint);
        const first = pick(endpoints, hash) as EndpointRuntime;
        const second = pick(
          endpoints.filter((one) => one !== first),
          hash,
        );
        if (how === 'eject') first.ejectedUntilMs = 10;
        if (how === 'fill') first.active = 3;
        assert.equal(pickByHash(endpoints, hash, how === 'avoid' ? first : undefined, 5, 3), second);
      }
    }),
  );
});

test('with a bound no endpoint has more than its part of the requests under way, whatever they hash to', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 101, max: 300 }), fc.array(fc.nat({ max: 5 }), { maxLength: 200 }), (all, percent, hashes) => {
      const endpoints = all.map(endpoint);
      let active = 0;
      for (const n of hashes) {
        const picked = pickByHash(endpoints, hashText(String(n)), undefined, 0, boundedLoad(endpoints, percent)) as EndpointRuntime;
        picked.active++;
        active++;
        assert.ok(picked.active <= Math.ceil((active * percent) / (100 * endpoints.length)), `${picked.active} of ${active}`);
      }
    }),
  );
});

test('keys spread evenly: each of ten endpoints gets between 8 and 12 % of 100,000', () => {
  const endpoints = Array.from({ length: 10 }, (_, n) => endpoint(n + 1));
  const counts = new Map<string | undefined, number>();
  for (let n = 0; n < 100_000; n++) {
    const key = pick(endpoints, hashText(`user-${n}`))?.key;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 10);
  for (const count of counts.values()) assert.ok(count > 8000 && count < 12_000, `${count}`);
});
