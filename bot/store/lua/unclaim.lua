-- Queue a text again whose claim led to nothing: the one who made it never learned that it had it.
-- KEYS class sending; ARGV id, the claim, due time
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
