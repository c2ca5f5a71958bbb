-- Gives back what a worker does not hold: ARGV sender, worker, limit, 1 if it retires, then what it
-- holds. Gives how many, and the queues.
local worker, limit = ARGV[2], tonumber(ARGV[3])
local key, held, gone, size = LEASED(worker), {}, {}, 0
for i = 5, #ARGV do held[ARGV[i]] = true end
local ids = call('HKEYS', key)
for i = 1, #ids do
  local id = ids[i]
  if size == limit then break end
  if not held[id] then
    local head = call('HGET', key, id)
    size = size + 1
    gone[size] = id
    count('2', sub(head, 50), -1)
    give_back(id, head)
  end
end
bulk('HDEL', key, gone)
bulk('SREM', ASKED(worker), gone)
if ARGV[4] == '1' and size < limit then
  call('ZREM', WORKERS, worker)
  call('HDEL', INFO, worker)
  call('SREM', HOLDERS, worker)
  call('DEL', ASKED(worker))
end
for queue in pairs(ready) do woken[queue] = true end
return { size, finish(ARGV[1]) }
