-- Take or keep a lease. KEYS lease; ARGV owner, milliseconds, fence held ('' to take it anew)
-- Gives the fence, or 0 where another holds it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'until')
if ARGV[3] ~= '' then
  if held[1] ~= ARGV[1] or held[2] ~= ARGV[3] then return 0 end
  redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
  return tonumber(held[2])
end
if held[1] and held[1] ~= '' and tonumber(held[3]) > now then return 0 end
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', now + ARGV[2])
return fence
