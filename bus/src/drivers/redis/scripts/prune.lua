-- Removes ended jobs whose time of keeping is over: ARGV now in microseconds, limit. Gives how many.
local due = call('ZRANGEBYSCORE', KEEP, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local heads = many('HMGET', STATE, due)
for i = 1, #due do
  local head = heads[i]
  if head then
    take_out(due[i], sub(head, 1, 1), head)
    erase(due[i], head)
  else
    call('ZREM', KEEP, due[i])
  end
end
finish('')
return #due
