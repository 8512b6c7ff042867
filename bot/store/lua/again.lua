-- Ask to send a text to one number now. KEYS texts lately (by ms); ARGV digest, message, seconds between equal texts, most a minute
-- Gives the milliseconds to wait; 0: noted as sent.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local apart, most = ARGV[3] * 1000, tonumber(ARGV[4])
local mine = ARGV[1] .. ':' .. ARGV[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - math.max(apart, 60000))
local lately = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local wait, count, oldest = 0, 0, nil
for i = 1, #lately, 2 do
  local at = tonumber(lately[i + 1])
  if lately[i] ~= mine then
    if string.sub(lately[i], 1, #ARGV[1]) == ARGV[1] then wait = math.max(wait, at + apart - now) end
    if at > now - 60000 then
      count = count + 1
      oldest = oldest or at
    end
  end
end
if most > 0 and count >= most then wait = math.max(wait, oldest + 60000 - now) end
if wait > 0 then return wait end
redis.call('ZADD', KEYS[1], now, mine)
redis.call('PEXPIRE', KEYS[1], math.max(apart, 60000))
return 0
