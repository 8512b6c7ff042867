-- Take events into one partition's inbox: filter repeats, limit a flooding number, count what waits unread.
-- KEYS live bulk unread rate seen-today seen-yesterday seen-before
-- ARGV bell, most replies a minute, most digests a day, then per event: bulk (0|1), digest, customer of a reply or '', event
-- Gives per event: 1 accepted, 0 duplicate, 2 limited.
local results = {}
local added = false
for i = 4, #ARGV, 4 do
  local bulk, digest, customer, event = ARGV[i] == '1', ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local result = 1
  for day = 5, 7 do
    if redis.call('SISMEMBER', KEYS[day], digest) == 1 then result = 0 end
  end
  if result == 1 then
    if redis.call('SCARD', KEYS[5]) < tonumber(ARGV[3]) then
      if redis.call('SADD', KEYS[5], digest) == 1 and redis.call('TTL', KEYS[5]) < 0 then
        redis.call('EXPIRE', KEYS[5], 345600)
      end
    end
    if customer ~= '' then
      redis.call('HINCRBY', KEYS[3], customer, 1)
      local count = redis.call('HINCRBY', KEYS[4], customer, 1)
      if count == 1 then redis.call('EXPIRE', KEYS[4], 180) end
      if count > tonumber(ARGV[2]) then
        result = 2
        bulk = true
      end
    end
    redis.call('XADD', bulk and KEYS[2] or KEYS[1], '*', 'e', event, 'c', customer)
    added = true
  end
  results[#results + 1] = result
end
if added then redis.call('PUBLISH', 'huixin:bell', ARGV[1]) end
return results
