-- Stores jobs: ARGV now, sender, then for each job id, how, row. Gives a letter for each.
local total = #ARGV
local ids, answers, size = {}, {}, 0
for at = 3, total, 3 do
  size = size + 1
  ids[size] = ARGV[at]
end
local known = known_of(ids)
for i = 1, size do
  local id, at = ids[i], 3 * i
  answers[i] = store(id, ARGV[at + 1], ARGV[at + 2], known[id])
  known[id] = true
end
finish(ARGV[2])
return table.concat(answers)
