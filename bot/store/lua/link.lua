-- Tie a provider's id to our message and give the receipts that were parked under it.
-- KEYS ref; ARGV target, seconds kept
redis.call('HSET', KEYS[1], 'to', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
local parked = {}
for i = 1, tonumber(redis.call('HGET', KEYS[1], 'n') or 0) do
  parked[i] = redis.call('HGET', KEYS[1], 'r' .. i) or ''
end
return parked
