-- Mark one text as about to leave, if the customer still is as the gates saw it.
-- KEYS lease class sending customers unread held paused; ARGV fence, owner, id, customer, version token, shop, now, answer (0|1)
-- Gives go | lost | gone | paused | changed | unread | held
local lease = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 'lost' end
if not redis.call('ZSCORE', KEYS[2], ARGV[3]) then return 'gone' end
if redis.call('HEXISTS', KEYS[7], '*') == 1 or redis.call('HEXISTS', KEYS[7], ARGV[6]) == 1 then return 'paused' end
local customer = redis.call('HGET', KEYS[4], ARGV[4])
local token = customer and string.match(customer, '^([^\n]*)\n') or ''
if token ~= ARGV[5] then return 'changed' end
if ARGV[8] == '0' then
  if redis.call('HEXISTS', KEYS[5], ARGV[4]) == 1 then return 'unread' end
  if redis.call('HEXISTS', KEYS[6], ARGV[4]) == 1 then return 'held' end
end
redis.call('ZREM', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[3], ARGV[1] .. '/' .. ARGV[7])
return 'go'
