/**
 * Takes a batch of requests from their buckets in turn, each from all of its buckets or from none.
 *
 * KEYS: one for each charge, in the order of ARGV.
 * ARGV: for each request how many charges it has, then for each of those its amount, the bucket's
 * capacity, its ceiling, and its mode: `1` enforced, `0` not enforced, and above 1 a refund of what
 * was charged at that time. Before the amount of a bucket that a calendar empties stand `c` and the four edges
 * of its windows. All times are in microseconds.
 * Returns the time, then for each request `1` when it was admitted, then for each of its charges
 * the level before it.
 *
 * The time is Redis's own, so clocks of replicas do not matter. A bucket that drains is kept as the
 * time at which it will be empty (the TAT), one that a calendar empties as the end of its window
 * and its level. All are read before and written after, so one that several requests share is read
 * once. Times are below 2^53 and are written as integers: `%.0f`, as Lua's own form loses digits.
 *
 * Globals are slow in Lua, and so is a table for each request: no charge needs either.
 *
 * A refund gives back less by what could have drained since: the bucket may have stood empty in
 * the meantime had the charge not been there, and that time is not given twice.
 */
export const takeScript = `
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = call('MGET', unpack(KEYS))
local levels, begins, ends = {}, {}, {}

local function openWindow(name, text, edge)
  for e = edge + 3, edge + 1, -1 do
    if now < tonumber(ARGV[e]) then
      begins[name], ends[name] = tonumber(ARGV[e - 1]), ARGV[e]
    end
  end
  if not ends[name] or now < begins[name] then
    error('the clock of this replica is more than a window away from that of Redis')
  end
  local ending, level = string.match(text or '', '^(%d+) (%d+)$')
  return ending == ends[name] and tonumber(level) or 0
end

local changed = {}

local function draining(name, text, ceiling)
  local level = (tonumber(text) or now) - now
  if level > ceiling then
    changed[name] = true
    return ceiling
  end
  -- What is not a number is not above 0 either.
  return level > 0 and level or 0
end

local function levelOf(i, edge, ceiling)
  local name = KEYS[i]
  if not levels[name] then
    if edge then
      levels[name] = openWindow(name, stored[i], edge)
    else
      levels[name] = draining(name, stored[i], ceiling)
    end
  end
  return levels[name]
end

local function refunded(name, level, amount, chargedAt)
  if not ends[name] then
    amount = math.max(amount - (now - chargedAt), 0)
  elseif chargedAt < begins[name] then
    amount = 0
  end
  return math.max(level - amount, 0)
end

local reply, filled = { now }, 1
-- By the place of its key, what each charge of a request would leave.
local taken = {}
local key, arg = 1, 1
local count = #ARGV
while arg <= count do
  local first, last = key, key + ARGV[arg] - 1
  local verdict = filled + 1
  filled = verdict
  local admitted = 1
  reply[verdict] = 0
  arg = arg + 1
  for i = first, last do
    local edge
    if ARGV[arg] == 'c' then
      edge = arg + 1
      arg = arg + 5
    end
    local name, amount, mode = KEYS[i], tonumber(ARGV[arg]), tonumber(ARGV[arg + 3])
    local level = levelOf(i, edge, tonumber(ARGV[arg + 2]))
    if mode > 1 then
      taken[i] = refunded(name, level, amount, mode)
    elseif level + amount <= tonumber(ARGV[arg + 1]) then
      taken[i] = level + amount
    else
      taken[i] = level
      if mode == 1 then admitted = 0 end
    end
    filled = filled + 1
    reply[filled] = level
    arg = arg + 4
  end
  if admitted == 1 then
    reply[verdict] = 1
    for i = first, last do
      local name, level = KEYS[i], taken[i]
      if level ~= levels[name] then
        levels[name] = level
        changed[name] = true
      end
    end
  end
  key = last + 1
end

for name in pairs(changed) do
  local level = levels[name]
  if level == 0 then
    call('DEL', name)
  elseif ends[name] then
    local text = string.format('%s %.0f', ends[name], level)
    call('SET', name, text, 'PX', math.ceil((ends[name] - now) / 1000))
  else
    call('SET', name, string.format('%.0f', now + level), 'PX', math.ceil(level / 1000))
  end
end
return reply
`;
