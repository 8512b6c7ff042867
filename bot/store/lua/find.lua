-- Find our message by the provider's id, or park the receipt under it. KEYS ref; ARGV receipt, most parked, seconds kept
local target = redis.call('HGET', KEYS[1], 'to')
if target then return target end
local count = redis.call('HINCRBY', KEYS[1], 'n', 1)
if count <= tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'r' .. count, ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return false
