-- Take events into one partition's inbox: filter repeats, count what waits unread.
-- KEYS live bulk unread seen-today seen-yesterday seen-before
-- ARGV names to ring or '', most digests a day, then per event: lane, digest, customer of a reply or '', event
-- Gives per event: 1 taken, 0 duplicate.
local results = {}
local ring = false
local known = redis.call('SCARD', KEYS[4])
for i = 3, #ARGV, 4 do
  local lane, digest, customer, event = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local new = 1
  if known < tonumber(ARGV[2]) then
    new = redis.call('SADD', KEYS[4], digest)
    if known == 0 then redis.call('EXPIRE', KEYS[4], 345600) end
    known = known + new
  end
  if new == 1 and redis.call('SISMEMBER', KEYS[5], digest) + redis.call('SISMEMBER', KEYS[6], digest) > 0 then new = 0 end
  if new == 1 then
    local stream = lane == 'live' and KEYS[1] or KEYS[2]
    -- Whoever still has entries of a lane looks again by itself before it sleeps.
    if not ring and redis.call('XLEN', stream) == 0 then ring = true end
    if customer == '' then
      redis.call('XADD', stream, '*', 'e', event)
    else
      redis.call('HINCRBY', KEYS[3], customer, 1)
      redis.call('XADD', stream, '*', 'e', event, 'c', customer)
    end
  end
  results[#results + 1] = new
end
if ring and ARGV[1] ~= '' then redis.call('PUBLISH', 'huixin:bell:work', ARGV[1]) end
return results
