-- ARGV worker, end of its lease in microseconds, its description. Gives whether it was unknown, the
-- server's time in seconds and microseconds, and the jobs of its that are asked to end.
local known = call('ZSCORE', WORKERS, ARGV[1])
call('ZADD', WORKERS, ARGV[2], ARGV[1])
call('HSET', INFO, ARGV[1], ARGV[3])
local time = call('TIME')
return { known and 0 or 1, time[1], time[2], call('SMEMBERS', ASKED(ARGV[1])) }
