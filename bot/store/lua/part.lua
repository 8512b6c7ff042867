-- Note the receipt of one part of a text; its state only moves forward. KEYS parts; ARGV number, rank and state, seconds kept
-- Gives all parts known: {number, rank and state, …}
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known or string.sub(known, 1, 1) < string.sub(ARGV[2], 1, 1) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGETALL', KEYS[1])
