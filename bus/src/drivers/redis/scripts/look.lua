-- Shows jobs as they are: ARGV 1 for whole rows or 0 for rows without bodies, states that fit
-- (digits, '' all), queue ('' all), worker ('' all), where to take ids from, then for
--   ids:    the ids
--   lex:    a set or '' for all jobs, direction (1 descending), where to begin, how many
--   index:  a set, where the id begins in an entry, where to begin, how many
--   held:   nothing: what all workers hold
-- Gives the number of ids looked at, the last, and for each that fits id and state's digit, head,
-- row, history, output or reason, worker.
local whole, states, wanted, wanted_worker = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4]
local source, ids = ARGV[5], {}
local WINDOWS_AT_ONCE = 64

local function from_set(key, from, size)
  if ARGV[7] == '1' then return call('ZREVRANGEBYLEX', key, from, '-', 'LIMIT', 0, size) end
  return call('ZRANGEBYLEX', key, from, '+', 'LIMIT', 0, size)
end

if source == 'ids' then
  for i = 6, #ARGV do ids[#ids + 1] = ARGV[i] end
elseif source == 'lex' then
  local from, size = ARGV[8], tonumber(ARGV[9])
  if ARGV[6] ~= '' then
    ids = from_set(base .. ARGV[6], from, size)
  else
    local window = #from > 1 and '[' .. window_of(sub(from, 2)) or from
    while window and #ids < size do
      local windows = from_set(WINDOWS, window, WINDOWS_AT_ONCE)
      for _, name in ipairs(windows) do
        local part = from_set(IDS(name), from, size - #ids)
        for i = 1, #part do ids[#ids + 1] = part[i] end
        if #ids == size then break end
      end
      window = #windows == WINDOWS_AT_ONCE and '(' .. windows[#windows]
    end
  end
elseif source == 'index' then
  local from, start = tonumber(ARGV[7]), tonumber(ARGV[8])
  local entries = call('ZRANGE', base .. ARGV[6], start, start + ARGV[9] - 1)
  for i = 1, #entries do ids[i] = sub(entries[i], from, from + 15) end
else
  for _, worker in ipairs(call('SMEMBERS', HOLDERS)) do
    for _, id in ipairs(call('HKEYS', LEASED(worker))) do ids[#ids + 1] = id end
  end
end

local found, bytes, looked = {}, 0, 0
for i = 1, #ids do
  local id = ids[i]
  local digit, head, row, worker = locate(id)
  looked = i
  head, row, worker = head or '', row or '', worker or ''
  local fits = digit and (states == '' or string.find(states, digit, 1, true))
    and (wanted == '' or sub(head, 50) == wanted)
    and (wanted_worker == '' or worker == wanted_worker)
  if fits then
    local flags = head ~= '' and byte(head, 14) or 2
    local fail = whole and has(flags, 2) and call('HGET', FAIL, id) or ''
    local out = whole and has(flags, 4) and call('HGET', OUT, id) or ''
    if not whole and #row > 24 then row = sub(row, 1, number(row, 21)) end
    found[#found + 1] = { id .. digit, head, row, fail, out, worker }
    bytes = bytes + #row + #fail + #out
    if bytes > BYTES then break end
  end
end
return { looked, ids[looked] or '', found }
