-- Turn timers that are due into events. KEYS lease timers plans bulk; ARGV fence, owner, now, most
-- Gives {how many fired (-1: lease lost), next due time or ''}
local lease = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return {-1, ''} end
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
for _, timer in ipairs(due) do
  local plan = redis.call('HGET', KEYS[3], timer)
  if plan then redis.call('XADD', KEYS[4], '*', 'e', plan) end
  redis.call('ZREM', KEYS[2], timer)
  redis.call('HDEL', KEYS[3], timer)
end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return {#due, first[2] or ''}
