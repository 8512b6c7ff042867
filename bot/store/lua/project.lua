-- Write feed lines and counts of one partition's log, once: the cursor moves in the same step.
-- KEYS cursors feed totals, then one hash per month
-- ARGV partition, cursor expected, cursor after, most lines kept, number of lines, lines…,
--      number of counts, then per count: key (3…), field, by
-- Gives '' or the cursor that was found instead.
local found = redis.call('HGET', KEYS[1], ARGV[1]) or '0-0'
if found ~= ARGV[2] then return found end
local at = 5
for _ = 1, tonumber(ARGV[5]) do
  at = at + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'i', ARGV[at])
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HINCRBY', KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3])
  at = at + 3
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PUBLISH', 'huixin:bell', 'feed')
return ''
