-- Add what became of an account's sends and receipts, open or close its circuit, and tell how it is doing.
-- KEYS way vitals; ARGV sends that were taken, sends that failed, milliseconds they took, delivered, undelivered,
--      window (ms), fewest failures, first and longest time to stay open (ms)
-- Gives {taken, failed, ms, delivered, undelivered, ms until it may be tried (0: closed), openings so far}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(ARGV[6])
local slot = math.floor(now / 10000)
local names = {'taken', 'failed', 'ms', 'delivered', 'undelivered'}
for i, name in ipairs(names) do
  if tonumber(ARGV[i]) ~= 0 then redis.call('HINCRBY', KEYS[2], slot .. '|' .. name, ARGV[i]) end
end
local sums = {taken = 0, failed = 0, ms = 0, delivered = 0, undelivered = 0}
local lately = {taken = 0, failed = 0}
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local at, name = string.match(all[i], '^(%d+)|(.*)$')
  local age = (slot - at) * 10000
  if age > window then
    redis.call('HDEL', KEYS[2], all[i])
  else
    sums[name] = sums[name] + all[i + 1]
    if age <= 60000 and lately[name] then lately[name] = lately[name] + all[i + 1] end
  end
end
if #all > 0 then redis.call('PEXPIRE', KEYS[2], window * 2) end
local way = redis.call('HMGET', KEYS[1], 'open_until', 'openings', 'probe_until')
local open, openings = tonumber(way[1] or 0), tonumber(way[2] or 0)
local half_open = open > 0 and now >= open
if tonumber(ARGV[1]) > 0 and half_open then
  redis.call('HDEL', KEYS[1], 'open_until', 'openings', 'probe_until')
  -- What failed before the cure says nothing any more.
  redis.call('DEL', KEYS[2])
  open, openings = 0, 0
elseif tonumber(ARGV[2]) > 0 then
  local failing = lately.failed >= tonumber(ARGV[7]) and lately.failed >= lately.taken
  if half_open or (open == 0 and failing) then
    openings = openings + 1
    open = now + math.min(ARGV[8] * 2 ^ (openings - 1), ARGV[9])
    redis.call('HSET', KEYS[1], 'open_until', open, 'openings', openings)
    redis.call('HDEL', KEYS[1], 'probe_until')
    redis.call('PEXPIRE', KEYS[1], 3600000)
  end
end
return {sums.taken, sums.failed, sums.ms, sums.delivered, sums.undelivered, open > 0 and math.max(open - now, 1) or 0, openings}
