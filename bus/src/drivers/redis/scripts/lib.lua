-- What all scripts share: the keys, the layout of a job's head, the moves between the structures.
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
local function ENDED(state) return base .. 'ended:' .. state end

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

local function number(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- One more, as four bytes.
local function more(text, at)
  return struct.pack('>I4', number(text, at) + 1)
end

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

-- A job has ended: said to who watches, if anybody does.
local watched
local function tell_end(id)
  if watched == nil then watched = call('EXISTS', WATCH) == 1 end
  if watched then ends[#ends + 1] = id end
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
    put(opened, '0', window)
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

-- Rows that nobody but this crate writes have all of it; another's row must not stop a script.
local function sound(row)
  return #row > 25 and #row >= 25 + byte(row, 25)
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

-- Due jobs become available.
local function promote(micros, limit)
  local due = call('ZRANGEBYSCORE', DELAYED, '-inf', micros, 'LIMIT', 0, limit)
  for i = 1, #due do
    local entry = due[i]
    local queue = sub(entry, 27)
    count(sub(entry, 26, 26), queue, -1)
    to_ready(sub(entry, 1, 16), queue, byte(entry, 25), sub(entry, 17, 24), MARK)
  end
  bulk('ZREM', DELAYED, due)
  return #due
end

-- When the first of those that wait is due, or ''.
local function next_due()
  return call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')[2] or ''
end

-- Appends to a history; only the newest are kept.
local function remember(id, failure)
  local entries, size, at = {}, 0, 1
  local all = (call('HGET', FAIL, id) or '') .. struct.pack('>I4', #failure) .. failure
  while at <= #all do
    size = size + 1
    entries[size] = at
    at = at + 4 + number(all, at)
  end
  if size > KEPT then all = sub(all, entries[size - KEPT + 1]) end
  call('HSET', FAIL, id, all)
end

local function with_flag(flags, flag)
  return bit.bor(flags, flag)
end

local function has(flags, flag)
  return bit.band(flags, flag) ~= 0
end

local holders

-- Where a job is: its state's digit, its head, its row, its worker. Nothing: it is not stored.
local function locate(id)
  local row = call('HGET', JOB, id)
  local head = call('HGET', STATE, id)
  if head then
    local digit = sub(head, 1, 1)
    if digit == '1' or digit == '3' then
      local entry = later(id, sub(head, 50), byte(head, 47), sub(head, 15, 22), digit)
      if not call('ZSCORE', DELAYED, entry) then digit = '0' end
    end
    return digit, head, row
  end
  if row and sound(row) then
    head = fresh(row, '0')
    local queue, due = sub(head, 50), sub(head, 15, 22)
    local ready = call('ZMSCORE', READY(queue), due .. id, due .. id .. MARK)
    if ready[1] or ready[2] then return '0', head, row end
    if call('ZSCORE', DELAYED, later(id, queue, byte(head, 47), due, '1')) then
      return '1', head, row
    end
  end
  holders = holders or call('SMEMBERS', HOLDERS)
  for i = 1, #holders do
    local held = call('HGET', LEASED(holders[i]), id)
    if held then return '2', held, row, holders[i] end
  end
  if row or call('ZSCORE', IDS(window_of(id)), id) then return '0', head or nil, row end
end

-- Takes a job that nobody runs out of where it is; its row stays.
local function take_out(id, digit, head)
  local queue = sub(head, 50)
  count(digit, queue, -1)
  if digit == '0' then
    local entry = sub(head, 15, 22) .. id
    call('ZREM', READY(queue), entry, entry .. MARK)
  elseif digit == '1' or digit == '3' then
    call('ZREM', DELAYED, later(id, queue, byte(head, 47), sub(head, 15, 22), digit))
  else
    call('ZREM', ENDED(digit), id)
    call('ZREM', KEEP, id)
    call('HDEL', OUT, id)
  end
  call('HDEL', STATE, id)
end

-- Nothing of the job is left; it is in no structure any more.
local function erase(id, head)
  erased = erased + 1
  old_rows[erased] = id
  local list = in_window(old_ids, id)
  list[#list + 1] = id
  if has(byte(head, 14), 2) then old_fails[#old_fails + 1] = id end
end

-- The job has ended and is kept. `score` '': until somebody deletes it.
local function to_ended(id, head, digit, now, keep, score, out)
  local flags = bit.band(byte(head, 14), 3)
  if out ~= '' then
    flags = with_flag(flags, 4)
    call('HSET', OUT, id, out)
  end
  put(state, id, digit .. sub(head, 2, 13) .. char(flags) .. sub(head, 15, 30) .. now .. keep
    .. sub(head, 47))
  call('ZADD', ENDED(digit), 0, id)
  if score ~= '' then call('ZADD', KEEP, score, id) end
  count(digit, sub(head, 50), 1)
end

-- Gives a running job back to its queue with its old place.
local function give_back(id, head)
  put(state, id, '0' .. sub(head, 2))
  to_ready(id, sub(head, 50), byte(head, 47), sub(head, 15, 22), MARK)
end
