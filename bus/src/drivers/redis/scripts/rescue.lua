-- Takes jobs from workers whose lease is over: ARGV now, the same in microseconds, sender, who
-- rescues, limit, when jobs are due again, the same as a score or '' if that is at once. Gives how
-- many wait again, who is buried, 1 if there may be more, the queues, and the jobs to settle.
local now, micros, sender, by = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local left, due, score = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local retried, buried, rest, jobs, bytes = 0, {}, 0, {}, 0

local function lost(worker, id, head)
  local most = byte(head, 48) * 256 + byte(head, 49)
  head = sub(head, 1, 5) .. more(head, 6) .. sub(head, 10)
  local flags = byte(head, 14)
  -- Not JSON but what is needed to write it: 'L', the worker, the attempt, the time.
  remember(id, 'L' .. worker .. sub(head, 6, 9) .. now)
  head = sub(head, 1, 13) .. char(with_flag(flags, 2)) .. sub(head, 15)
  local queue = sub(head, 50)
  if number(head, 6) >= most or has(flags, 1) then
    head = '2' .. more(head, 2) .. sub(head, 6, 22) .. now .. sub(head, 31)
    call('HSET', LEASED(by), id, head)
    call('SADD', HOLDERS, by)
    if has(flags, 1) then call('SADD', ASKED(by), id) end
    local row = call('HGET', JOB, id) or ''
    bytes = bytes + #row
    put(jobs, id .. head, row)
    return
  end
  retried = retried + 1
  count('2', queue, -1)
  if score == '' then
    give_back(id, sub(head, 1, 14) .. due .. sub(head, 23))
  else
    put(state, id, '3' .. sub(head, 2, 14) .. due .. sub(head, 23))
    to_delayed(id, queue, byte(head, 47), due, '3', score)
  end
end

local function take(worker)
  local key = LEASED(worker)
  -- A part of them, whichever: they are dealt with in turns.
  local found = left > 0 and call('HRANDFIELD', key, left, 'WITHVALUES') or {}
  local gone = {}
  for i = 1, #found, 2 do
    if bytes > BYTES then
      rest = 1
      break
    end
    gone[#gone + 1] = found[i]
    lost(worker, found[i], found[i + 1])
  end
  left = left - #gone
  bulk('HDEL', key, gone)
  bulk('SREM', ASKED(worker), gone)
  if call('EXISTS', key) == 0 then
    call('SREM', HOLDERS, worker)
    call('DEL', ASKED(worker))
    if call('ZREM', WORKERS, worker) == 1 then buried[#buried + 1] = worker end
    call('HDEL', INFO, worker)
  end
end

local seen = {}
for _, worker in ipairs(call('ZRANGEBYSCORE', WORKERS, '-inf', ARGV[2], 'LIMIT', 0, 1000)) do
  seen[worker] = true
  if worker ~= by and left > 0 and rest == 0 then take(worker) end
end
for _, worker in ipairs(call('SMEMBERS', HOLDERS)) do
  if worker ~= by and not seen[worker] and left > 0 and rest == 0
    and not call('ZSCORE', WORKERS, worker) then take(worker) end
end
local names = finish(sender)
return { retried, buried, rest, names, jobs }
