-- What all scripts share: the keys, the layout of a job's head, storing jobs, the writes.
-- KEYS[1] is the store's prefix; all keys begin with it and share its hash tag, so one cluster slot.
--
-- A head is the part of a job that changes; numbers are big-endian, times 8 opaque bytes:
--   1 state digit | 2-5 deliveries | 6-9 attempts | 10-13 deferrals | 14 flags | 15-22 due |
--   23-30 claimed | 31-38 ended | 39-46 kept until | 47 rank + 128 | 48-49 attempts at most | 50- queue
-- Flags: 1 asked to end, 2 has a history, 4 has an output or a reason.
-- A waiting job that no worker ever had needs no head: all is in its row, which never changes:
--   1 format | 2-3 attempts at most | 4 rank + 128 | 5-12 due | 13-20 stored | 21-24 length without
--   the body | 25 length of the queue | 26- queue | …
-- A running job's head is in its worker's hash, any other head in STATE. The digit of a waiting head
-- may say scheduled or retryable though the job was promoted: whether it is still in DELAYED decides.
-- An entry of READY is due and id, and a mark if the job may have a head in STATE.
-- All ids, in order, are in sets of those made within four seconds, so that storing and removing jobs
-- costs the same beside millions of older ones. WINDOWS has the sets, in order too.
local base = KEYS[1]
local JOB, STATE, DELAYED, WINDOWS = base .. 'job', base .. 'state', base .. 'delayed', base .. 'windows'
local FAIL, OUT, COUNT, KEEP = base .. 'fail', base .. 'out', base .. 'count', base .. 'keep'
local PAUSED, WORKERS, INFO = base .. 'paused', base .. 'workers', base .. 'info'
local HOLDERS, WAKE, ENDS, WATCH = base .. 'holders', base .. 'wake', base .. 'ends', base .. 'watch'
local CHUNK, BYTES, KEPT, FEW = 2000, 16777216, 25, 16
local call, sub, byte, char = redis.call, string.sub, string.byte, string.char
local NONE, ZERO, ONE, MARK = string.rep('\0', 8), string.rep('\0', 4), '\0\0\0\1', '+'

local function IDS(window) return base .. 'ids:' .. window end
local function READY(queue) return base .. 'ready:' .. queue end
local function LEASED(worker) return base .. 'leased:' .. worker end
local function ASKED(worker) return base .. 'asked:' .. worker end
-- The window of an id: the first nine hexadecimal digits of it, for ids made here the time in units
-- of 4.096 s.
local first_bytes, first_window
local function window_of(id)
  local bytes = sub(id, 1, 5)
  if bytes ~= first_bytes then
    first_bytes = bytes
    first_window = sub(string.format('%02x%02x%02x%02x%02x', byte(bytes, 1, 5)), 1, 9)
  end
  return first_window
end

-- Numbers are written out dearly: scores go as text.
local RANKS = setmetatable({}, { __index = function(known, rank)
  local text = tostring(rank - 128)
  known[rank] = text
  return text
end })

-- unpack() has a limit far below the number of arguments a command may have.
local function bulk(command, key, args)
  local size = #args
  for first = 1, size, CHUNK do
    call(command, key, unpack(args, first, math.min(first + CHUNK - 1, size)))
  end
end

local function many(command, key, fields)
  if #fields == 0 then return {} end
  if #fields <= CHUNK then return call(command, key, unpack(fields)) end
  local all = {}
  for first = 1, #fields, CHUNK do
    local part = call(command, key, unpack(fields, first, math.min(first + CHUNK - 1, #fields)))
    for i = 1, #part do all[first + i - 1] = part[i] end
  end
  return all
end

-- Gathered writes; flush() makes them.
local ready, counts, delayed, state, woken = {}, {}, {}, {}, {}
local new_rows, new_ids, old_rows, old_ids, old_fails, ends = {}, {}, {}, {}, {}, {}
-- The sizes of the busiest lists are kept: `#` searches for the end.
local stored, erased = 0, 0

local function count(digit, queue, by)
  local field = digit .. queue
  counts[field] = (counts[field] or 0) + by
end

local function put(list, one, two)
  local size = #list
  list[size + 1] = one
  list[size + 2] = two
end

-- The list of an id's window.
local function in_window(lists, id)
  local window = window_of(id)
  local list = lists[window]
  if not list then
    list = {}
    lists[window] = list
  end
  return list
end

-- Which of these ids are stored.
local function known_of(ids)
  local windows, known = {}, {}
  for i = 1, #ids do
    local list = in_window(windows, ids[i])
    list[#list + 1] = ids[i]
  end
  for window, list in pairs(windows) do
    local scores = many('ZMSCORE', IDS(window), list)
    for i = 1, #list do known[list[i]] = scores[i] end
  end
  return known
end

local function to_ready(id, queue, rank, due, mark)
  local list = ready[queue]
  if not list then
    list = { size = 0 }
    ready[queue] = list
  end
  local size = list.size
  list[size + 1] = RANKS[rank]
  list[size + 2] = due .. id .. mark
  list.size = size + 2
  count('0', queue, 1)
end

local function later(id, queue, rank, due, digit)
  return id .. due .. char(rank) .. digit .. queue
end

local function to_delayed(id, queue, rank, due, digit, score)
  put(delayed, score, later(id, queue, rank, due, digit))
  count(digit, queue, 1)
end

local function flush()
  bulk('HSET', JOB, new_rows)
  local opened, closed = {}, {}
  for window, list in pairs(new_ids) do
    bulk('ZADD', IDS(window), list)
    if 2 * call('ZCARD', IDS(window)) == #list then put(opened, '0', window) end
  end
  bulk('ZADD', WINDOWS, opened)
  bulk('HSET', STATE, state)
  bulk('ZADD', DELAYED, delayed)
  bulk('HDEL', JOB, old_rows)
  for window, list in pairs(old_ids) do
    bulk('ZREM', IDS(window), list)
    if call('EXISTS', IDS(window)) == 0 then closed[#closed + 1] = window end
  end
  bulk('ZREM', WINDOWS, closed)
  bulk('HDEL', FAIL, old_fails)
  for queue, list in pairs(ready) do
    local key = READY(queue)
    bulk('ZADD', key, list)
    -- Who found the queue empty is told when it is so no longer. While many wait nobody sleeps: who
    -- works comes by anyway. (A few may wait that a worker's clock finds not due yet.)
    if call('ZCARD', key) - list.size / 2 < FEW then woken[queue] = true end
  end
  new_rows, new_ids, state, delayed, old_rows, old_ids, old_fails, ready =
    {}, {}, {}, {}, {}, {}, {}, {}
  stored, erased = 0, 0
end

-- The last step of each script that moves jobs.
local function finish(sender)
  flush()
  for field, by in pairs(counts) do
    if by ~= 0 and call('HINCRBY', COUNT, field, by) == 0 then call('HDEL', COUNT, field) end
  end
  local names = {}
  for queue in pairs(woken) do names[#names + 1] = queue end
  if #names > 0 then call('PUBLISH', WAKE, sender .. table.concat(names, '\0')) end
  if #ends > 0 then call('PUBLISH', ENDS, table.concat(ends)) end
  return names
end

-- The head of a job without one.
local function fresh(row, digit)
  return digit .. ZERO .. ZERO .. ZERO .. '\0' .. sub(row, 5, 12) .. NONE .. NONE .. NONE
    .. sub(row, 4, 4) .. sub(row, 2, 3) .. sub(row, 26, 25 + byte(row, 25))
end

-- Stores a job. `how`: '' available, 'd' and a score delayed, 'h' and a worker handed over.
-- Gives 's' stored, 'd' known already, 'h' handed over, 'p' paused: stored and not handed over.
local function store(id, how, row, known)
  if known then return 'd' end
  new_rows[stored + 1] = id
  new_rows[stored + 2] = row
  stored = stored + 2
  put(in_window(new_ids, id), '0', id)
  local queue = sub(row, 26, 25 + byte(row, 25))
  local kind = sub(how, 1, 1)
  if kind == 'd' then
    to_delayed(id, queue, byte(row, 4), sub(row, 5, 12), '1', sub(how, 2))
    return 's'
  end
  if kind == 'h' and call('HEXISTS', PAUSED, queue) == 0 then
    local worker = sub(how, 2)
    local head = '2' .. ONE .. sub(fresh(row, '2'), 6)
    call('HSET', LEASED(worker), id, sub(head, 1, 22) .. ARGV[1] .. sub(head, 31))
    call('SADD', HOLDERS, worker)
    count('2', queue, 1)
    return 'h'
  end
  to_ready(id, queue, byte(row, 4), sub(row, 5, 12), '')
  return kind == 'h' and 'p' or 's'
end
