-- Take a try back. KEYS tries
-- Tries that were forgotten meanwhile must not begin anew below nought, and without an end.
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end
