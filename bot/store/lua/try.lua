-- Count a try to sign in. KEYS tries; ARGV seconds after the first in which they count
-- Gives {tries so far, seconds until they are forgotten}
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
