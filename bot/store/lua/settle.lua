-- Write down what became of a text; only one that is queued, about to leave or of unknown fate can still change.
-- A text of unknown fate whose receipt has come (`known`, by commit.lua) is done.
-- KEYS class sending unknown bodies attempts live bulk
-- ARGV id, 'done' | 'again' | 'later' | 'unknown', due time or deadline, then events: lane (6 live, 7 bulk), event
-- Gives the number of attempts so far (after 'again'), 0 otherwise, -1 where there was nothing to settle; then the ids
-- of the events' entries.
local id, what, when = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[2], id) == 'known'
local was = redis.call('HDEL', KEYS[2], id) + redis.call('ZREM', KEYS[3], id) + redis.call('ZREM', KEYS[1], id)
if was == 0 then return {-1} end
local attempts = 0
if what == 'again' then
  attempts = redis.call('HINCRBY', KEYS[5], id, 1)
  redis.call('ZADD', KEYS[1], when, id)
elseif what == 'later' then
  redis.call('ZADD', KEYS[1], when, id)
elseif what == 'unknown' and not known then
  redis.call('ZADD', KEYS[3], when, id)
else
  redis.call('HDEL', KEYS[4], id)
  redis.call('HDEL', KEYS[5], id)
end
local told = {attempts}
for i = 4, #ARGV, 2 do told[#told + 1] = redis.call('XADD', KEYS[tonumber(ARGV[i])], '*', 'e', ARGV[i + 1]) end
return told
