/**
 * For each key a token bucket, in one atomic step by the clock of Redis: KEYS are buckets, ARGV pairs of the milliseconds that a token takes
 * to come back and of the burst. A bucket is the time at which it is full again, and expires then. Answers `{0, 0}` when a token of each was
 * taken, else the place of the first that has none, from 1, and the milliseconds to wait; nothing is taken then.
 */
export const redisScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local full = {}
for i = 1, #KEYS do
  local interval = tonumber(ARGV[2 * i - 1])
  local burst = tonumber(ARGV[2 * i])
  local at = tonumber(redis.call('GET', KEYS[i]) or '0')
  if at < now then at = now end
  local wait = at - now - (burst - 1) * interval
  if wait > 0 then return {i, math.ceil(wait)} end
  full[i] = at + interval
end
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.3f', full[i]), 'PX', math.max(1, math.ceil(full[i] - now)))
end
return {0, 0}
`;
