#include "store/redis/scripts.h"

namespace wasm_grpc::store::redis {

namespace {

// Keys of a module begin with KEYS[1]. A pair is a string: 16 digits of its version, then its value; Redis makes it go
// when its time has passed. What it counts for is then still in the sums, until forget() takes it out: so the keys that
// expire are in a sorted set by their time, with what they count for beside it.
//
// Nothing is undone of a script that fails. Where memory is full the first command that takes more of it fails (OOM),
// and none that follows does: so what takes memory comes first.
constexpr std::string_view pairs_text = R"(
local base = KEYS[1]
local space, keys, expiring, sizes = base .. 'space', base .. 'keys', base .. 'expiring', base .. 'sizes'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local sums = redis.call('HMGET', space, 'bytes', 'version', 'expiring')
local bytes, version, waiting = tonumber(sums[1] or 0), tonumber(sums[2] or 0), tonumber(sums[3] or 0)
local function whole(number) return string.format('%.0f', number) end
local function save()
  redis.call('HSET', space, 'bytes', whole(bytes), 'version', whole(version), 'expiring', whole(waiting))
end
local function forget(key)
  bytes = bytes - tonumber(redis.call('HGET', sizes, key) or 0)
  redis.call('HDEL', sizes, key)
  redis.call('ZREM', expiring, key)
  waiting = waiting - 1
end
local function purge(most)
  if waiting <= 0 then return end
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', '(' .. whole(now), 'LIMIT', 0, most)) do
    redis.call('DEL', base .. 'pair:' .. key)
    redis.call('ZREM', keys, key)
    forget(key)
  end
end
local function put(key, value, ttl, size, fresh)
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  local pair, content = base .. 'pair:' .. key, string.format('%016.0f', version) .. value
  if ttl ~= '' then
    redis.call('SET', pair, content, 'PX', ttl)
    waiting = waiting + redis.call('ZADD', expiring, whole(now + tonumber(ttl)), key)
    redis.call('HSET', sizes, key, size)
  else
    redis.call('SET', pair, content)
    if waiting > 0 and redis.call('ZREM', expiring, key) == 1 then
      redis.call('HDEL', sizes, key)
      waiting = waiting - 1
    end
  end
  if fresh then redis.call('ZADD', keys, 0, key) end
end
)";

// After `pairs_text`: key, value, ms to live or nothing, version or nothing, bytes the module may have, bytes a pair
// counts for
constexpr std::string_view set_text = R"(
local key, ttl, condition, most, fixed = ARGV[1], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local pair = base .. 'pair:' .. key
local before = waiting
purge(16)
if waiting ~= before then save() end
local held = redis.call('STRLEN', pair)
if condition ~= '' then
  local seen = held > 0 and redis.call('GETRANGE', pair, 0, 15) or '0000000000000000'
  if seen ~= condition then return -1 end
end
if held == 0 and waiting > 0 and redis.call('HEXISTS', sizes, key) == 1 then
  redis.call('ZREM', keys, key)
  forget(key)
end
local function counted() return held > 0 and #key + held - 16 + fixed or 0 end
local size = #key + #ARGV[2] + fixed
if size > counted() and bytes + size - counted() > most then
  purge(1000)
  save()
  held = redis.call('STRLEN', pair)
  if bytes + size - counted() > most then return -2 end
end
put(key, ARGV[2], ttl, size, held == 0)
bytes = bytes + size - counted()
save()
return version
)";

// After `pairs_text`: key, version or nothing, bytes a pair counts for
constexpr std::string_view remove_text = R"(
local key, condition, fixed = ARGV[1], ARGV[2], tonumber(ARGV[3])
local pair = base .. 'pair:' .. key
local held = redis.call('STRLEN', pair)
if condition ~= '' then
  local seen = held > 0 and redis.call('GETRANGE', pair, 0, 15) or '0000000000000000'
  if seen ~= condition then return -1 end
end
if held == 0 then return -3 end
redis.call('DEL', pair)
redis.call('ZREM', keys, key)
if waiting > 0 and redis.call('HEXISTS', sizes, key) == 1 then
  forget(key)
else
  bytes = bytes - (#key + held - 16 + fixed)
end
save()
return 0
)";

// After `pairs_text`: where keys begin and end, as ZRANGEBYLEX takes it; most; most to look at. Answers the key it came
// to, or nothing at the end, then of each pair its key, version, bytes and ms left (-1: it stays).
constexpr std::string_view list_text = R"(
local from, to, most, looks = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local before = waiting
purge(1000)
if waiting ~= before then save() end
local page = redis.call('ZRANGEBYLEX', keys, from, to, 'LIMIT', 0, looks)
local found = {''}
for _, key in ipairs(page) do
  local pair = base .. 'pair:' .. key
  local head = redis.call('GETRANGE', pair, 0, 15)
  if #head == 16 then
    if most == 0 then return found end
    most = most - 1
    local left = waiting > 0 and redis.call('PTTL', pair) or -1
    for _, part in ipairs({key, head, redis.call('STRLEN', pair) - 16, left}) do found[#found + 1] = part end
  end
  found[1] = key
end
if #page < looks then found[1] = '' end
return found
)";

// bytes that all values may have, keys. Answers what is there of each; nothing is "".
constexpr std::string_view get_many_text = R"(
local left, found = tonumber(ARGV[1]), {}
for i = 2, #ARGV do
  local pair = KEYS[1] .. 'pair:' .. ARGV[i]
  left = left - math.max(redis.call('STRLEN', pair) - 16, 0)
  if left < 0 then return -4 end
  found[#found + 1] = redis.call('GET', pair) or ''
end
return found
)";

// After `pairs_text`: '1' for all or none, bytes the module may have, bytes a pair counts for, bytes to be told of what
// is there or nothing; then of each change 'set' or 'remove', key, value, ms to live or nothing, version or nothing.
// Answers 0, -1 or -2, and for each its version, 0, or why it is not done; then what was there of the last. -4 is of
// what is no pair: it must not keep what else is asked for from being done, nor from being counted.
constexpr std::string_view change_many_text = R"(
local together, most, fixed, told = ARGV[1] == '1', tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local bytes_before, waiting_before = bytes, waiting
purge(16)
local function name(key) return base .. 'pair:' .. key end
local function look(key)
  local held = redis.pcall('STRLEN', name(key))
  if type(held) ~= 'number' then return nil end
  if held == 0 and waiting > 0 and redis.call('HEXISTS', sizes, key) == 1 then
    redis.call('ZREM', keys, key)
    forget(key)
  end
  return held
end
local function holds(key, held, condition)
  if condition == '' then return true end
  return condition == (held > 0 and redis.call('GETRANGE', name(key), 0, 15) or '0000000000000000')
end
local function counted(key, held) return held > 0 and #key + held - 16 + fixed or 0 end
local function more(at, held)
  local size = ARGV[at] == 'set' and #ARGV[at + 1] + #ARGV[at + 2] + fixed or 0
  return size - counted(ARGV[at + 1], held)
end
local function fits(size)
  if size <= 0 or bytes + size <= most then return true end
  purge(1000)
  return bytes + size <= most
end
local function change(at, held, size)
  local key = ARGV[at + 1]
  if ARGV[at] == 'remove' then
    if held == 0 then return -3 end
    redis.call('DEL', name(key))
    redis.call('ZREM', keys, key)
    if waiting > 0 and redis.call('HEXISTS', sizes, key) == 1 then forget(key) else bytes = bytes + size end
    return 0
  end
  put(key, ARGV[at + 2], ARGV[at + 3], #key + #ARGV[at + 2] + fixed, held == 0)
  bytes = bytes + size
  return version
end
local answer, size, old = {0}, 0, ''
local function change_one(at)
  local key = ARGV[at + 1]
  local held = look(key)
  if told ~= '' then old = redis.call('GETRANGE', name(key), 0, told) end
  local code = 0
  if not held then
    code = -4
    if together then answer[1] = -4 end
  elseif not holds(key, held, ARGV[at + 4]) then
    code = -1
    if together then answer[1] = -1 end
  elseif together then
    size = size + more(at, held)
    if ARGV[at] == 'remove' and held == 0 then code = -3 end
  else
    local before = waiting
    local room = fits(more(at, held))
    if waiting ~= before then held = look(key) end
    code = room and change(at, held, more(at, held)) or -2
  end
  return code
end
for at = 5, #ARGV, 5 do answer[#answer + 1] = change_one(at) end
if together and answer[1] == 0 then
  if fits(size) then
    for at = 5, #ARGV, 5 do
      local held = look(ARGV[at + 1])
      answer[(at - 5) / 5 + 2] = change(at, held, more(at, held))
    end
  else
    answer[1] = -2
  end
end
if bytes ~= bytes_before or waiting ~= waiting_before or version ~= tonumber(sums[2] or 0) then save() end
if told ~= '' then answer[#answer + 1] = old end
return answer
)";

// name, counters the module may have
constexpr std::string_view find_counter_text = R"(
local names = KEYS[1] .. 'counters'
if redis.call('SISMEMBER', names, ARGV[1]) == 1 then return 0 end
if redis.call('SCARD', names) >= tonumber(ARGV[2]) then return -2 end
redis.call('SADD', names, ARGV[1])
return 0
)";

// Numbers are compared as they are written: Lua's do not have 64 bits.
constexpr std::string_view compare_exchange_text = R"(
local before = redis.call('GET', KEYS[1]) or '0'
if before == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return before
)";

// A sum that does not fit, in steps of which each does.
constexpr std::string_view add_around_text = R"(
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' and sum.err then
  if not string.find(sum.err, 'would overflow') then return sum end
  for step = 2, #ARGV do redis.call('INCRBY', KEYS[1], ARGV[step]) end
end
return redis.call('GET', KEYS[1])
)";

}  // namespace

std::string_view text_of(Script script) noexcept {
  static const std::array<std::string, script_count> texts = [] {
    const auto of_pairs = [](std::string_view text) { return std::string(pairs_text).append(text); };
    return std::array<std::string, script_count>{of_pairs(set_text),
                                                 of_pairs(remove_text),
                                                 std::string(get_many_text),
                                                 of_pairs(change_many_text),
                                                 of_pairs(list_text),
                                                 std::string(find_counter_text),
                                                 std::string(compare_exchange_text),
                                                 std::string(add_around_text)};
  }();
  return texts[static_cast<std::size_t>(script)];
}

}  // namespace wasm_grpc::store::redis
