/**
 * Takes a batch of requests from their limits in turn, each from all of its limits or from none.
 *
 * KEYS: one for each charge, in the order of ARGV.
 * ARGV: for each request how many charges it has, then for each of those its cost and its capacity
 * in microseconds and `1` when it is enforced.
 * Returns for each request `1` when it was admitted, then for each of its charges how far the TAT
 * lay ahead, in microseconds.
 *
 * The time is Redis's own, so clocks of replicas do not matter; what comes in are durations only.
 * All of it is read before and written after, so a key that several requests share is read once.
 * TATs are below 2^53 and are written as integers: `%.0f`, as Lua's own form loses digits.
 */
export const takeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local tats = {}
for i, stored in ipairs(redis.call('MGET', unpack(KEYS))) do
  tats[KEYS[i]] = math.max(tonumber(stored) or now, now)
end

local reply = {}
local charged = {}
local key, arg = 1, 1
while arg <= #ARGV do
  local first, last = key, key + ARGV[arg] - 1
  local verdict = #reply + 1
  local admitted, taken = 1, {}
  reply[verdict] = 0
  arg = arg + 1
  for i = first, last do
    local ahead = tats[KEYS[i]] - now
    local after = ahead + ARGV[arg]
    if after <= tonumber(ARGV[arg + 1]) then
      taken[KEYS[i]] = now + after
    elseif ARGV[arg + 2] == '1' then
      admitted = 0
    end
    reply[#reply + 1] = ahead
    arg = arg + 3
  end
  if admitted == 1 then
    reply[verdict] = 1
    for name, tat in pairs(taken) do
      tats[name] = tat
      charged[name] = tat
    end
  end
  key = last + 1
end

for name, tat in pairs(charged) do
  if tat > now then
    redis.call('SET', name, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
  end
end
return reply
`;
