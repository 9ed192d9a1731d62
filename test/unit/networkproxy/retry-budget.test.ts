import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget, RetryBudgets } from '../../../src/networkproxy/upstream/retry-budget.ts';

test('after its burst a budget allows one retry in five requests', () => {
  const budget = new RetryBudget();
  let allowed = 0;
  while (budget.withdraw()) allowed++;
  assert.equal(allowed, 10);
  for (let i = 0; i < 1000; i++) {
    budget.deposit();
    if (budget.withdraw()) allowed++;
  }
  assert.ok(allowed >= 209 && allowed <= 210, String(allowed));
});

test('a budget that is not used does not grow past its burst', () => {
  const budget = new RetryBudget();
  for (let i = 0; i < 1000; i++) budget.deposit();
  let allowed = 0;
  while (budget.withdraw()) allowed++;
  assert.equal(allowed, 10);
});

test('budgets are kept by service and forgotten with it', () => {
  const budgets = new RetryBudgets();
  const kept = budgets.get({ key: 'a' });
  const gone = budgets.get({ key: 'b' });
  budgets.retain(new Map([['a', 1]]));
  assert.equal(budgets.get({ key: 'a' }), kept);
  assert.notEqual(budgets.get({ key: 'b' }), gone);
});

test('a service may have a budget of its own, or none at all', () => {
  const spend = (retryPercent: number): number => {
    const budget = new RetryBudgets().get({ key: 'a', limits: { connections: 0, pendingRequests: 0, requests: 0, retryPercent } });
    let allowed = 0;
    for (let i = 0; i < 1000; i++) {
      budget.deposit();
      if (budget.withdraw()) allowed++;
    }
    return allowed;
  };
  assert.deepEqual([spend(0), spend(100)], [0, 1000]);
  assert.ok(Math.abs(spend(50) - 510) <= 1, String(spend(50)));
});
