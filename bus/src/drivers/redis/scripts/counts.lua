-- ARGV a queue, or nothing for all. Gives field (state's digit and queue) and number of each, then
-- queue and time of the job that is due longest.
local fields, queues = {}, {}
if ARGV[1] then
  for digit = 0, 6 do
    local size = call('HGET', COUNT, digit .. ARGV[1])
    if size then put(fields, digit .. ARGV[1], size) end
  end
  queues = { ARGV[1] }
else
  fields = call('HGETALL', COUNT)
  for i = 1, #fields, 2 do
    if byte(fields[i]) == 48 then queues[#queues + 1] = sub(fields[i], 2) end
  end
end
local firsts = {}
for _, queue in ipairs(queues) do
  -- The first of each priority is the earliest of it: there are few priorities.
  local from = '-inf'
  while true do
    local first = call('ZRANGEBYSCORE', READY(queue), from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if #first == 0 then break end
    put(firsts, queue, sub(first[1], 1, 8))
    from = '(' .. first[2]
  end
end
return { fields, firsts }
