-- What the scripts share that deal with jobs that are stored: where they are, how they move and end.
-- Apart from lib.lua, since a script pays for each function with each call.
local function ENDED(state) return base .. 'ended:' .. state end

local function number(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- One more, as four bytes.
local function more(text, at)
  return struct.pack('>I4', number(text, at) + 1)
end

-- A job has ended: said to who watches, if anybody does.
local watched
local function tell_end(id)
  if watched == nil then watched = call('EXISTS', WATCH) == 1 end
  if watched then ends[#ends + 1] = id end
end

-- Rows that nobody but this crate writes have all of it; another's row must not stop a script.
local function sound(row)
  return #row > 25 and #row >= 25 + byte(row, 25)
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
