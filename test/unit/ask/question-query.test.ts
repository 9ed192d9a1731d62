import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question } from '../../../src/ask/explain/question.ts';
import { queryOf, questionOf } from '../../../src/ask/explain/question-query.ts';
import { question } from './explained.ts';

test('a question comes out of its query as it went in, whatever it has', () => {
  const url = 'https://shop.example/a?b=c&d=%20#e';
  const table: readonly Partial<Question>[] = [
    {},
    { method: 'POST', headers: ['A: b&c=d', 'A: b', 'Cookie: e=f; g=h'] },
    { serverName: '', client: '2001:db8::1' },
    { serverName: 'other.example', listener: 'https', httpVersion: '2' },
  ];
  for (const changes of table) {
    const asked = question(url, changes);
    assert.deepEqual(questionOf(new URLSearchParams(queryOf(asked).toString())), asked);
  }
});
