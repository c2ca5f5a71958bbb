-- What people do to jobs: ARGV now, sender, action, states it may act on (digits), reason, kept
-- until, the same as a score, limit, then ids. Gives how many were moved, how many asked, and the
-- queues.
local now, sender, action, states = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local reason, keep, score = ARGV[5], ARGV[6], ARGV[7]
local limit, moved, asked, touched = tonumber(ARGV[8]), 0, 0, {}

local function ask(id, head, worker)
  local flags = byte(head, 14)
  if has(flags, 1) then return end
  call('HSET', LEASED(worker), id, sub(head, 1, 13) .. char(flags + 1) .. sub(head, 15))
  call('SADD', ASKED(worker), id)
  asked = asked + 1
  touched[sub(head, 50)] = true
end

local function act(id, digit, head)
  local queue = sub(head, 50)
  take_out(id, digit, head)
  moved = moved + 1
  if action == 'delete' then
    erase(id, head)
    tell_end(id)
  elseif action == 'cancel' then
    to_ended(id, head, '5', now, keep, score, 'r' .. reason)
    tell_end(id)
  else
    local flags = bit.band(byte(head, 14), 2)
    put(state, id, '0' .. sub(head, 2, 5) .. ZERO .. sub(head, 10, 13) .. char(flags) .. now
      .. sub(head, 23, 30) .. NONE .. NONE .. sub(head, 47))
    to_ready(id, queue, byte(head, 47), now, MARK)
    touched[queue] = true
  end
end

local seen = {}
for i = 9, #ARGV do
  if moved + asked == limit then break end
  local id = ARGV[i]
  local digit, head, row, worker = locate(id)
  if digit and not seen[id] and string.find(states, digit, 1, true) then
    seen[id] = true
    -- A job of which nothing but its id can be read can only be deleted.
    if not head then
      if action == 'delete' then
        erase(id, string.rep('\2', 14))
        moved = moved + 1
      end
    elseif digit == '2' then
      ask(id, head, worker)
    else
      act(id, digit, head)
    end
  end
end
for queue in pairs(touched) do woken[queue] = true end
local names = finish(sender)
return { moved, asked, names }
