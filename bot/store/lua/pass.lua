-- Ask to send through one account now: its circuit first, then its rate. KEYS way; ARGV texts per second (0: any), longest wait (ms), probe (ms)
-- Gives {'go' | 'busy' | 'open', milliseconds}: 'go' has a place, to be taken after that time; the others have none until then.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local way = redis.call('HMGET', KEYS[1], 'open_until', 'probe_until', 'next')
if way[1] then
  local shut = math.max(tonumber(way[1]), tonumber(way[2] or 0)) - now
  if shut > 0 then return {'open', shut} end
end
local wait = 0
local rate = tonumber(ARGV[1])
if rate > 0 then
  local at = math.max(tonumber(way[3] or 0), now)
  wait = at - now
  if wait > tonumber(ARGV[2]) then return {'busy', math.ceil(wait)} end
  redis.call('HSET', KEYS[1], 'next', at + 1000 / rate)
  redis.call('PEXPIRE', KEYS[1], 3600000)
end
-- Half open: this one is the probe, and the others wait for what becomes of it.
if way[1] then redis.call('HSET', KEYS[1], 'probe_until', now + ARGV[3]) end
return {'go', math.ceil(wait)}
