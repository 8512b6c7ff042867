-- Take events into the inboxes of one or more partitions: filter repeats, count what waits unread.
-- KEYS per partition: live bulk unread seen-today seen-yesterday seen-before
-- ARGV most digests a day, number of partitions, per partition the name of its bell or '', then per event:
--      partition (which of KEYS' sixes, from 0), lane, digest, customer of a reply or '', event
-- Gives per event: the id of its entry, or '' for a duplicate, and the lane that it lies in.
local most, partitions = tonumber(ARGV[1]), tonumber(ARGV[2])
local results, known, ring = {}, {}, {}
for i = 3 + partitions, #ARGV, 5 do
  local nth, lane, digest, customer, event = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local at = nth * 6
  local today, new = KEYS[at + 4], 1
  local before = known[nth] or redis.call('SCARD', today)
  if before < most then
    new = redis.call('SADD', today, digest)
    if before == 0 then redis.call('EXPIRE', today, 345600) end
    before = before + new
  end
  known[nth] = before
  if new == 1 and (redis.call('SISMEMBER', KEYS[at + 5], digest) == 1
                   or redis.call('SISMEMBER', KEYS[at + 6], digest) == 1) then
    new = 0
  end
  if new == 1 then
    local flooded = customer .. '/bulk'
    if customer ~= '' and lane == 'live' and redis.call('HEXISTS', KEYS[at + 3], flooded) == 1 then
      -- What one number wrote is read in its order: nothing overtakes what still waits in the bulk lane.
      if redis.call('XLEN', KEYS[at + 2]) > 0 then lane = 'bulk' else redis.call('HDEL', KEYS[at + 3], flooded) end
    end
    local stream = lane == 'live' and KEYS[at + 1] or KEYS[at + 2]
    -- Whoever still has entries of a lane looks again by itself before it sleeps.
    local bell = ARGV[3 + nth]
    if bell ~= '' and redis.call('XLEN', stream) == 0 then ring[#ring + 1] = bell .. '.' .. lane end
    if customer == '' then
      new = redis.call('XADD', stream, '*', 'e', event)
    else
      redis.call('HINCRBY', KEYS[at + 3], customer, 1)
      if lane == 'bulk' then redis.call('HINCRBY', KEYS[at + 3], flooded, 1) end
      new = redis.call('XADD', stream, '*', 'e', event, 'c', customer)
    end
  end
  results[#results + 1] = new == 0 and '' or new
  results[#results + 1] = lane
end
if #ring > 0 then redis.call('PUBLISH', 'huixin:bell:work', table.concat(ring, ' ')) end
return results
