-- Write feed lines and counts of one or more partitions' logs, once: the cursors move in the same step.
-- KEYS cursors feed totals, then one hash per month
-- ARGV most lines kept, then per stretch of a log: partition, cursor expected, cursor after, number of lines, lines…,
--      number of counts, then per count: key (3…), field, by
-- Gives per stretch '' or the cursor that was found instead.
local at, told, counts, shown = 1, {}, {}, false
local function take()
  at = at + 1
  return ARGV[at]
end

while at < #ARGV do
  local partition, expected, after = take(), take(), take()
  local found = redis.call('HGET', KEYS[1], partition) or '0-0'
  local right = found == expected
  for _ = 1, tonumber(take()) do
    local line = take()
    if right then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', 'i', line) end
  end
  for _ = 1, tonumber(take()) do
    local key, field, by = KEYS[tonumber(take())], take(), tonumber(take())
    if right then
      counts[key] = counts[key] or {}
      counts[key][field] = (counts[key][field] or 0) + by
    end
  end
  if right then
    redis.call('HSET', KEYS[1], partition, after)
    shown = true
  end
  told[#told + 1] = right and '' or found
end
for key, fields in pairs(counts) do
  for field, by in pairs(fields) do redis.call('HINCRBY', key, field, by) end
end
if shown then redis.call('PUBLISH', 'huixin:bell', 'feed') end
return told
