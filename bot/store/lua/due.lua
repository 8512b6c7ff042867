-- Show what may be sent, conversation first. KEYS conversation service marketing bodies; ARGV now, most of each class
-- Gives {next due time after now or '', class, id, body, …}
local found = {''}
for class = 1, 3 do
  local ids = redis.call('ZRANGEBYSCORE', KEYS[class], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
  for _, id in ipairs(ids) do
    found[#found + 1] = class
    found[#found + 1] = id
    found[#found + 1] = redis.call('HGET', KEYS[4], id) or ''
  end
  local later = redis.call('ZRANGEBYSCORE', KEYS[class], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if later[2] and (found[1] == '' or tonumber(later[2]) < tonumber(found[1])) then found[1] = later[2] end
end
return found
