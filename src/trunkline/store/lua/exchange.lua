-- One batch of what a process says to the shared books, and what it hears: see `trunkline.limits.books`, which this
-- follows line by line. All or nothing, and answered as before when it comes again.
--
-- KEYS: the generation, who is alive, the batch's holder's last reply, then a hash for each meter that is asked about.
-- A hash has a field `u<slot>` for what was used in a slot, and `h<holder>` for what is lent to a process.
-- ARGV: holder, number, lives, generation, slots in a window, grace, how long a reply is kept; then for each meter its
-- limit, window, hold, least, need, want, how many marks, and these. Times are milliseconds.
-- Returns: now, generation, alive, and for each meter what is granted, left, and the two times of an answer.

local holder, number, lives = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local known, SLOTS = tonumber(ARGV[4]), tonumber(ARGV[5])
local grace, kept = tonumber(ARGV[6]), tonumber(ARGV[7])

local FORGET = 3 * 86400000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local past = redis.call('GET', KEYS[3])
if past then
    local reply = cmsgpack.unpack(past)
    if reply[1] >= number then
        return reply[2] -- it came before, or so late that nobody waits for it
    end
end

local generation = tonumber(redis.call('HGET', KEYS[1], 'is') or 0)
if generation == 0 then
    generation = now
    redis.call('HSET', KEYS[1], 'is', string.format('%d', generation), 'grace', 0)
end
local lost = known ~= 0 and known ~= generation
if lost then
    redis.call('HSET', KEYS[1], 'grace', string.format('%d', now + grace))
end
local quiet = tonumber(redis.call('HGET', KEYS[1], 'grace'))

local function alive(name)
    return tonumber(redis.call('HGET', KEYS[2], name) or 0)
end

if not lost and number > 1 and alive(holder) <= now then
    return {now, generation, 0}
end
redis.call('HSET', KEYS[2], holder, string.format('%d', now + lives))
if number == 1 then
    local all = redis.call('HGETALL', KEYS[2])
    for i = 1, #all, 2 do
        if tonumber(all[i + 1]) + FORGET < now then
            redis.call('HDEL', KEYS[2], all[i]) -- what it held is long out of every window
        end
    end
end

local function exchange(key, at)
    local limit, window, hold = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local least, need, want = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    local oldest = 0
    if window > 0 then
        oldest = math.floor(now * SLOTS / window) - SLOTS
    end

    local used, lent, others = {}, 0, 0
    local fields = redis.call('HGETALL', key)
    for i = 1, #fields, 2 do
        local kind, name, amount = fields[i]:sub(1, 1), fields[i]:sub(2), tonumber(fields[i + 1])
        if kind == 'u' then
            used[tonumber(name)] = amount
        end
    end
    local changed = {}
    for i = 1, #fields, 2 do
        local kind, name, amount = fields[i]:sub(1, 1), fields[i]:sub(2), tonumber(fields[i + 1])
        if kind == 'h' and name ~= holder then
            local ends = alive(name)
            if ends > now then
                lent, others = lent + amount, others + 1
            else
                redis.call('HDEL', key, fields[i])
                if window > 0 then
                    local slot = math.floor((ends > 0 and ends or now) * SLOTS / window)
                    used[slot] = (used[slot] or 0) + amount
                    changed[slot] = true
                end
            end
        end
    end

    local marks = tonumber(ARGV[at + 6])
    for i = 1, marks do
        local slot, amount = tonumber(ARGV[at + 5 + 2 * i]), tonumber(ARGV[at + 6 + 2 * i])
        if slot >= oldest then
            used[slot] = math.max(0, (used[slot] or 0) + amount)
            changed[slot] = true
        end
    end

    local sum, first, last = 0, nil, nil
    for slot, amount in pairs(used) do
        if slot < oldest then
            redis.call('HDEL', key, 'u' .. string.format('%d', slot))
        else
            sum = sum + amount
            first, last = math.min(first or slot, slot), math.max(last or slot, slot)
            if changed[slot] then
                redis.call('HSET', key, 'u' .. string.format('%d', slot), string.format('%d', amount))
            end
        end
    end

    local free, granted, wait, reset = limit - sum - lent - hold, 0, 0, 0
    if now < quiet then
        least, need, want = 0, 0, 0
    end
    if free >= math.max(least, 1) then
        local ahead = math.min(want, math.floor(free / (2 * (others + 1) + 2)))
        granted = math.min(free, math.max(need, ahead))
    end
    if hold + granted > 0 then
        redis.call('HSET', key, 'h' .. holder, string.format('%d', hold + granted))
    else
        redis.call('HDEL', key, 'h' .. holder)
    end
    if window > 0 and first then
        wait = math.max(1, math.floor((first + SLOTS + 1) * window / SLOTS) - now)
        reset = math.max(1, math.floor((last + SLOTS + 1) * window / SLOTS) - now)
    end
    if now < quiet then
        wait = quiet - now
    end
    -- Until nothing in it can count any more: what is used leaves the window, and what is lent is given up before.
    redis.call('PEXPIRE', key, 2 * window + lives + kept)
    return {granted, math.max(0, free - granted), wait, reset}, at + 7 + 2 * marks
end

local reply, at = {now, generation, 1}, 8
for i = 4, #KEYS do
    reply[i], at = exchange(KEYS[i], at)
end
redis.call('SET', KEYS[3], cmsgpack.pack({number, reply}), 'PX', kept)
return reply
