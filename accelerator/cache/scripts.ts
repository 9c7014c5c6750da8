/**
 * The scripts that keep an item's entry and its writers in order. Three keys belong to an item:
 *
 *   entry   what the table holds, as it was read or written; expires by itself
 *   meta    a hash: `l` the lease under which readers may fill the entry, `n` how many writes have begun, `t` when the
 *           last one began or ended, and `w:<id>` for each write under way, with the time at which it counts as dead
 *   before  the entry as it was when a write began, for a write that the table never gets
 *
 * A write takes the lease away when it begins and when it ends, and no lease is given meanwhile. So what a reader has read
 * before or during a write can never become the entry after it.
 *
 * Times are milliseconds by the engine's clock. `%.0f` writes them in full.
 */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const OTHER_WRITES = `
local function writes(meta)
	local found = 0
	local fields = redis.call('HGETALL', meta)
	for i = 1, #fields, 2 do
		if string.sub(fields[i], 1, 2) == 'w:' then
			if tonumber(fields[i + 1]) > now then found = found + 1 else redis.call('HDEL', meta, fields[i]) end
		end
	end
	return found
end`;

/**
 * entry, meta; new lease, milliseconds that meta lives, milliseconds for which a write is recent.
 * Returns {e, entry}, {w} while a write is under way, or {l, lease, 1 after a recent write}.
 */
const LEASE = `${NOW}${OTHER_WRITES}
local entry = redis.call('GET', KEYS[1])
if entry then return {'e', entry} end
if writes(KEYS[2]) > 0 then return {'w'} end
local lease = redis.call('HGET', KEYS[2], 'l')
if not lease then
	lease = ARGV[1]
	redis.call('HSET', KEYS[2], 'l', lease)
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local wrote = redis.call('HGET', KEYS[2], 't')
local recent = wrote and tonumber(wrote) + tonumber(ARGV[3]) > now
return {'l', lease, recent and 1 or 0}`;

/** entry, meta; lease, value, milliseconds that it lives. Returns whether the entry is stored. */
const FILL = `
if redis.call('HGET', KEYS[2], 'l') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('HDEL', KEYS[2], 'l')
return 1`;

/** entry, meta, before; id of the write, milliseconds after which it counts as dead. Returns {number of the write, 1 if alone}. */
const BEGIN = `${NOW}${OTHER_WRITES}
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[3]) else redis.call('DEL', KEYS[3]) end
redis.call('HDEL', KEYS[2], 'l')
local alone = writes(KEYS[2]) == 0
local number = redis.call('HINCRBY', KEYS[2], 'n', 1)
redis.call('HSET', KEYS[2], 'w:' .. ARGV[1], string.format('%.0f', now + ARGV[2]), 't', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {number, alone and 1 or 0}`;

/**
 * entry, meta, before; id and number of the write, 1 if it began alone, the new value or nothing, milliseconds that it lives,
 * milliseconds that meta lives. The value is stored only if no other write has been under way at any time since.
 */
const END = `${NOW}${OTHER_WRITES}
local known = redis.call('HDEL', KEYS[2], 'w:' .. ARGV[1])
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HDEL', KEYS[2], 'l')
redis.call('HSET', KEYS[2], 't', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[6])
if known == 0 or ARGV[3] ~= '1' or ARGV[4] == '' then return 0 end
if redis.call('HGET', KEYS[2], 'n') ~= ARGV[2] or writes(KEYS[2]) > 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
return 1`;

/**
 * entry, meta, before; id and number of the write, 1 if it began alone. For a write that the table didn't get: the entry is
 * what it was before, for as long as it would have lived, unless another write has been under way since.
 */
const UNDO = `${NOW}${OTHER_WRITES}
local known = redis.call('HDEL', KEYS[2], 'w:' .. ARGV[1])
local alone = known == 1 and ARGV[3] == '1' and redis.call('HGET', KEYS[2], 'n') == ARGV[2] and writes(KEYS[2]) == 0
if not alone then return 0 end
if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('RENAME', KEYS[3], KEYS[1]) end
return 1`;

/**
 * version; random text, milliseconds that it lives. Every answer stored under an earlier version is void. Returns the
 * version and the one before it, empty if there was none.
 */
const RENEW = `${NOW}
local before = redis.call('GET', KEYS[1])
local version = string.format('%.0f', now) .. '-' .. ARGV[1]
redis.call('SET', KEYS[1], version, 'PX', ARGV[2])
return {version, before or ''}`;

/** version; the one that a write set, the one before it, milliseconds that it lives. For a write that the table didn't get. */
const RESTORE = `
if ARGV[2] == '' or redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** version; random text for a new one, milliseconds that it lives, milliseconds for which a write is recent. */
const VERSION = `${NOW}
local version = redis.call('GET', KEYS[1])
if not version then
	version = '0-' .. ARGV[1]
	redis.call('SET', KEYS[1], version, 'PX', ARGV[2])
end
local wrote = tonumber(string.match(version, '^%d+'))
return {version, (wrote + tonumber(ARGV[3]) > now) and 1 or 0}`;

/**
 * generation; what tells the cache's present primaries from earlier ones. Returns the generation's number, a new one if
 * the primaries have changed: a new primary may lack the last writes of the one before it, so no entry can be trusted. A
 * number is a time, so that none comes twice, even if the engine has evicted the last one.
 */
const GENERATION = `${NOW}
local held = redis.call('HMGET', KEYS[1], 'number', 'primaries')
local number = tonumber(held[1] or 0)
if held[2] ~= ARGV[1] then
	number = math.max(number + 1, now)
	redis.call('HSET', KEYS[1], 'number', string.format('%.0f', number), 'primaries', ARGV[1])
end
return number`;

export const SCRIPTS = {
	larderLease: { numberOfKeys: 2, lua: LEASE },
	larderFill: { numberOfKeys: 2, lua: FILL },
	larderBegin: { numberOfKeys: 3, lua: BEGIN },
	larderEnd: { numberOfKeys: 3, lua: END },
	larderUndo: { numberOfKeys: 3, lua: UNDO },
	larderRenew: { numberOfKeys: 1, lua: RENEW },
	larderRestore: { numberOfKeys: 1, lua: RESTORE },
	larderVersion: { numberOfKeys: 1, lua: VERSION },
	larderGeneration: { numberOfKeys: 1, lua: GENERATION },
} as const;
export type ScriptName = keyof typeof SCRIPTS;
