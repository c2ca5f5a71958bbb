-- Brings the ledger to a version: ARGV version. Gives the version before, which may be newer.
local key = base .. 'schema'
local from = tonumber(call('GET', key) or '0')
if from < tonumber(ARGV[1]) then call('SET', key, ARGV[1]) end
return from
