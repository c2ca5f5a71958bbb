-- Settles, promotes, claims: ARGV now, the same in microseconds, sender, worker, limit, number of
-- shares, queue and limit of each, then the settlements. A settlement begins with
--   1 kind | 2 counter: 0 none, 1 attempts, 2 deferrals | 3-6 delivery | 7-22 id | 23 state | 24-31 time
-- Kinds: X gone, and nothing follows; with four more arguments (score, failure, output or reason,
-- number of jobs to store) and three for each of these: x gone, e ended, w due later, a due at
-- once, r given back.
local now, micros, sender, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local left, shares, total = tonumber(ARGV[5]), tonumber(ARGV[6]), #ARGV
local held_key, settled, followed = LEASED(worker), {}, {}

local function counted(head, counter)
  if counter == '1' then return sub(head, 1, 5) .. more(head, 6) .. sub(head, 10) end
  if counter == '2' then return sub(head, 1, 9) .. more(head, 10) .. sub(head, 14) end
  return head
end

local function apply(id, head, at)
  local what = ARGV[at]
  local kind, flags = sub(what, 1, 1), byte(head, 14)
  local queue, time = sub(head, 50), sub(what, 24, 31)
  local score, failure, out, follow = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if kind == 'x' then
    erase(id, head)
    tell_end(id)
  else
    head = counted(head, sub(what, 2, 2))
    if failure ~= '' then
      remember(id, failure)
      head = sub(head, 1, 13) .. char(with_flag(flags, 2)) .. sub(head, 15)
    end
    local digit = sub(what, 23, 23)
    if kind == 'e' then
      to_ended(id, head, digit, now, time, score, out)
      tell_end(id)
    elseif kind == 'r' then
      give_back(id, head)
    elseif kind == 'a' then
      give_back(id, sub(head, 1, 14) .. time .. sub(head, 23))
    else
      put(state, id, digit .. sub(head, 2, 14) .. time .. sub(head, 23))
      to_delayed(id, queue, byte(head, 47), time, digit, score)
    end
  end
  for i = 1, follow do
    local first = at + 2 + 3 * i
    local new = ARGV[first]
    local known = followed[new] or call('ZSCORE', IDS(window_of(new)), new)
    followed[new] = true
    store(new, ARGV[first + 1], ARGV[first + 2], known)
  end
end

local function settle(first)
  local ids, places, size, at = {}, {}, 0, first
  while at <= total do
    local what = ARGV[at]
    size = size + 1
    ids[size] = sub(what, 7, 22)
    places[size] = at
    at = byte(what) == 88 and at + 1 or at + 5 + 3 * ARGV[at + 4]
  end
  local heads, live, gone, asked, applied = many('HMGET', held_key, ids), {}, {}, {}, 0
  for i = 1, size do live[ids[i]] = heads[i] end
  for i = 1, size do
    local id = ids[i]
    local head, what = live[id], ARGV[places[i]]
    if head and sub(head, 2, 5) == sub(what, 3, 6) then
      live[id] = false
      applied = applied + 1
      gone[applied] = id
      settled[i] = '1'
      count('2', sub(head, 50), -1)
      if has(byte(head, 14), 1) then asked[#asked + 1] = id end
      if byte(what) == 88 then
        erase(id, head)
        tell_end(id)
      else
        apply(id, head, places[i])
      end
    else
      settled[i] = '0'
    end
  end
  bulk('HDEL', held_key, gone)
  bulk('SREM', ASKED(worker), asked)
  flush()
end

local jobs, rest, asked = {}, false, {}
local BYTE_OF = setmetatable({}, { __index = function(known, rank)
  local text = char(rank + 128)
  known[rank] = text
  return text
end })
local LONG = string.rep(' ', 65)
local now_high, now_low = number(now, 1), number(now, 5)

-- Hands the popped entries (due, id and mark, rank) of a queue to the worker; gives their size in bytes.
local function lease(queue, popped)
  local ids, marked, size = {}, {}, #popped / 2
  for i = 1, size do
    local entry = popped[2 * i - 1]
    ids[i] = sub(entry, 9, 24)
    if #entry > 24 then marked[#marked + 1] = ids[i] end
  end
  local rows, found, heads = many('HMGET', JOB, ids), many('HMGET', STATE, marked), {}
  for i = 1, #marked do heads[marked[i]] = found[i] end
  local held, old, bytes, taken = {}, {}, 0, #jobs
  for i = 1, size do
    local id, row = ids[i], rows[i]
    local head = heads[id]
    if head then
      head = '2' .. more(head, 2) .. sub(head, 6, 22) .. now .. NONE .. NONE .. sub(head, 47)
      old[#old + 1] = id
      if has(byte(head, 14), 1) then asked[#asked + 1] = id end
    else
      local most = row and #row > 2 and sub(row, 2, 3) or '\0\1'
      head = '2' .. ONE .. ZERO .. ZERO .. '\0' .. sub(popped[2 * i - 1], 1, 8) .. now .. NONE
        .. NONE .. BYTE_OF[popped[2 * i]] .. most .. queue
    end
    held[2 * i - 1] = id
    held[2 * i] = head
    row = row or ''
    bytes = bytes + #row
    jobs[taken + 1] = id .. head
    jobs[taken + 2] = row
    taken = taken + 2
  end
  -- Small hashes are lists that are searched from the front; a long value turns one into a table,
  -- which it stays, so that a batch does not cost the square of its size.
  local listed = size > 16 and call('HLEN', held_key) < 512
  if listed then put(held, '', LONG) end
  bulk('HSET', held_key, held)
  if listed then call('HDEL', held_key, '') end
  bulk('HDEL', STATE, old)
  count('0', queue, -size)
  count('2', queue, size)
  return bytes
end

-- Whether an entry of READY is due: the clock of who stored it may be ahead.
local function is_due(entry)
  local high, low = number(entry, 1), number(entry, 5)
  return high < now_high or (high == now_high and low <= now_low)
end

-- How many microseconds ahead the earliest entry of READY is that was passed over: nothing wakes for
-- it, so the claim says when to come again.
local early

local function passed_over(entry)
  local ahead = (number(entry, 1) - now_high) * 4294967296 + number(entry, 5) - now_low
  if not early or ahead < early then early = ahead end
end

-- Takes the first entries in order, as ZPOPMIN gives them. Within a rank they rise by time, so only
-- the last of each need be looked at; if one is not due, its rank is picked over entry by entry.
local function pop(queue, want)
  local key = READY(queue)
  local popped = call('ZPOPMIN', key, want)
  local size = #popped
  local late = false
  for i = 1, size, 2 do
    if popped[i + 1] ~= popped[i + 3] and not is_due(popped[i]) then
      late = true
      break
    end
  end
  if not late then return popped, size / 2 == want end
  local due, back, from = {}, {}, '-inf'
  for i = 1, size, 2 do put(back, popped[i + 1], popped[i]) end
  bulk('ZADD', key, back)
  while #due < 2 * want do
    local entries = call('ZRANGEBYSCORE', key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, want)
    if #entries == 0 then break end
    local gone, rank = {}, nil
    for i = 1, #entries, 2 do
      if #due == 2 * want then break end
      if entries[i + 1] ~= rank then
        if is_due(entries[i]) then
          put(due, entries[i], entries[i + 1])
          gone[#gone + 1] = entries[i]
        else
          passed_over(entries[i])
          rank = entries[i + 1]
          from = '(' .. rank
        end
      end
    end
    bulk('ZREM', key, gone)
    if #gone == 0 and not rank then break end
  end
  return due, #due == 2 * want
end

local function claim()
  local bytes = 0
  for i = 1, shares do
    local queue = ARGV[5 + 2 * i]
    local want = math.min(left, tonumber(ARGV[6 + 2 * i]))
    -- Small steps first: a few huge payloads must not fill the answer before they are noticed.
    local step = 16
    if want > 0 and call('HEXISTS', PAUSED, queue) == 1 then want = 0 end
    while want > 0 do
      local popped, again = pop(queue, math.min(want, step))
      local got = #popped / 2
      if got > 0 then bytes = bytes + lease(queue, popped) end
      want, left = want - got, left - got
      if bytes > BYTES then
        rest = true
        return
      end
      if not again then break end
      step = CHUNK / 4
    end
  end
end

if total >= 7 + 2 * shares then settle(7 + 2 * shares) end
local soon = ''
if shares > 0 then
  promote(micros, 1000)
  flush()
  claim()
  if #jobs > 0 then call('SADD', HOLDERS, worker) end
  bulk('SADD', ASKED(worker), asked)
  soon = next_due()
  local again = early and tonumber(micros) + early
  if again and (soon == '' or again < tonumber(soon)) then soon = string.format('%.0f', again) end
end
local names = finish(sender)
return { table.concat(settled), call('SMEMBERS', ASKED(worker)), soon, names, rest and 1 or 0, jobs }
