// A test file that ends by itself.
import { test } from 'node:test';

test('it ends', () => {});
