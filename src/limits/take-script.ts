/**
 * Takes a batch of requests from their buckets in turn, each from all of its buckets or from none.
 *
 * KEYS: one for each charge, in the order of ARGV.
 * ARGV: for each request how many charges it has, then for each of those its amount, the bucket's
 * capacity, and its mode: `1` enforced, `0` not enforced, and above 1 a refund of what was charged
 * at that time (microseconds, by this server).
 * Returns the time in microseconds, then for each request `1` when it was admitted, then for each
 * of its charges the level before it.
 *
 * The time is Redis's own, so clocks of replicas do not matter; what comes in are durations only.
 * A bucket is kept as the time at which it will be empty (the TAT). All of them are read before and
 * written after, so a bucket that several requests share is read once. Times are below 2^53 and are
 * written as integers: `%.0f`, as Lua's own form loses digits.
 *
 * A refund gives back less by what could have drained since: the bucket may have stood empty in
 * the meantime had the charge not been there, and that time is not given twice.
 */
export const takeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local tats = {}
for i, stored in ipairs(redis.call('MGET', unpack(KEYS))) do
  tats[KEYS[i]] = math.max(tonumber(stored) or now, now)
end

local reply = { now }
local changed = {}
local key, arg = 1, 1
while arg <= #ARGV do
  local first, last = key, key + ARGV[arg] - 1
  local verdict = #reply + 1
  local admitted, taken = 1, {}
  reply[verdict] = 0
  arg = arg + 1
  for i = first, last do
    local amount, mode = tonumber(ARGV[arg]), tonumber(ARGV[arg + 2])
    local level = tats[KEYS[i]] - now
    local after = level + amount
    if mode > 1 then
      local refund = math.max(amount - (now - mode), 0)
      taken[KEYS[i]] = now + math.max(level - refund, 0)
    elseif after <= tonumber(ARGV[arg + 1]) then
      taken[KEYS[i]] = now + after
    elseif mode == 1 then
      admitted = 0
    end
    reply[#reply + 1] = level
    arg = arg + 3
  end
  if admitted == 1 then
    reply[verdict] = 1
    for name, tat in pairs(taken) do
      if tat ~= tats[name] then
        tats[name] = tat
        changed[name] = true
      end
    end
  end
  key = last + 1
end

for name in pairs(changed) do
  local tat = tats[name]
  if tat > now then
    redis.call('SET', name, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
  else
    redis.call('DEL', name)
  end
end
return reply
`;
