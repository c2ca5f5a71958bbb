-- Makes due jobs available: ARGV sender, now in microseconds, limit. Gives how many, when the next
-- is due, and the queues.
local moved = promote(ARGV[2], ARGV[3])
for queue in pairs(ready) do woken[queue] = true end
local names = finish(ARGV[1])
return { moved, next_due(), names }
