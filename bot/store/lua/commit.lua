-- Make decisions true, all or none: Lua has no rollback, so everything is checked before the first write,
-- and the writes are of kinds that cannot fail.
-- KEYS 1 lease 2 live 3 bulk 4 unread 5 customers 6 conversation 7 service 8 marketing 9 bodies 10 unknown
--      11 timers 12 plans 13 log 14 dead 15 tries 16 attempts 17 sending, then one timeline per log entry
-- ARGV fence, owner, then counted lists, in the order read below
-- Gives {'lost'} | {'gone', index of entry, …} | {'stale', customer, …} | {'done', log id, …}
local at = 2
local function take()
  at = at + 1
  return ARGV[at]
end

local lease = redis.call('HMGET', KEYS[1], 'fence', 'owner')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return {'lost'} end

local entries, gone = {}, {'gone'}
for i = 1, tonumber(take()) do
  local lane, id, customer = KEYS[tonumber(take())], take(), take()
  entries[i] = {lane, id, customer}
  if #redis.call('XRANGE', lane, id, id) == 0 then gone[#gone + 1] = i end
end
if #gone > 1 then return gone end

local customers, stale = {}, {'stale'}
for i = 1, tonumber(take()) do
  local customer, seen, state = take(), take(), take()
  customers[i] = {customer, state}
  local stored = redis.call('HGET', KEYS[5], customer)
  if stored and string.sub(stored, 1, #seen + 1) ~= seen .. '\n' or not stored and seen ~= '' then
    stale[#stale + 1] = customer
  end
end
if #stale > 1 then return stale end

local function read(unread)
  if redis.call('HINCRBY', KEYS[4], unread, -1) <= 0 then redis.call('HDEL', KEYS[4], unread) end
end
for _, entry in ipairs(entries) do
  redis.call('XDEL', entry[1], entry[2])
  redis.call('HDEL', KEYS[15], entry[2])
  if entry[3] ~= '' then
    read(entry[3])
    if entry[1] == KEYS[3] then read(entry[3] .. '/bulk') end
  end
end
for _, customer in ipairs(customers) do redis.call('HSET', KEYS[5], customer[1], customer[2]) end
for _ = 1, tonumber(take()) do -- texts to send
  local class, id, due, body = KEYS[tonumber(take())], take(), take(), take()
  redis.call('ZADD', class, due, id)
  redis.call('HSET', KEYS[9], id, body)
end
for _ = 1, tonumber(take()) do -- timers taken back
  local timer = take()
  redis.call('ZREM', KEYS[11], timer)
  redis.call('HDEL', KEYS[12], timer)
end
for _ = 1, tonumber(take()) do -- timers set
  local timer, due, plan = take(), take(), take()
  redis.call('ZADD', KEYS[11], due, timer)
  redis.call('HSET', KEYS[12], timer, plan)
end
for _ = 1, tonumber(take()) do -- texts whose fate is known now
  local id = take()
  if redis.call('ZREM', KEYS[10], id) == 1 then
    redis.call('HDEL', KEYS[9], id)
    redis.call('HDEL', KEYS[16], id)
  elseif redis.call('HEXISTS', KEYS[17], id) == 1 then
    -- The receipt was faster than the answer to the send: whoever settles it need wait for none.
    redis.call('HSET', KEYS[17], id, 'known')
  end
end
for _ = 1, tonumber(take()) do redis.call('XADD', KEYS[14], '*', 'e', take(), 'why', take()) end -- dead letters
local done = {'done'}
for i = 1, tonumber(take()) do -- log
  local id = redis.call('XADD', KEYS[13], '*', 'e', take())
  redis.call('RPUSH', KEYS[17 + i], id)
  redis.call('LTRIM', KEYS[17 + i], -500, -1)
  done[i + 1] = id
end
return done
