import type { Redis } from "ioredis";

export interface Limit {
	/** How many requests may come at once. */
	readonly burst: number;
	/** How many requests a second are allowed in the long run. */
	readonly perSecond: number;
}

export interface Verdict {
	readonly allowed: boolean;
	/** How many more may come right now. */
	readonly remaining: number;
	/** When the next one will be allowed, from now; 0 if it is. Milliseconds. */
	readonly retryAfterMs: number;
}

/**
 * The generic cell rate algorithm. A key holds one number: when all the requests so far will have been paid for at the steady
 * rate. One script reads and moves it with the engine's own clock, so any number of processes share a limit, and the key
 * expires when it says nothing any more.
 */
const SCRIPT = `
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local paid = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local after = paid + interval
local room = now + burst * interval - after
if room < 0 then return {0, 0, math.ceil(-room)} end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now))
return {1, math.floor(room / interval), 0}`;

/** Counts one request of a caller. Throws what the client throws. */
export async function takeOne(client: Redis, caller: string, limit: Limit): Promise<Verdict> {
	const interval = 1_000 / limit.perSecond;
	const answer = await client.eval(SCRIPT, 1, `rate:${caller}`, interval, limit.burst);
	const [allowed, remaining, retryAfterMs] = Array.isArray(answer) ? answer.map(Number) : [];
	return {
		allowed: allowed === 1,
		remaining: remaining ?? 0,
		retryAfterMs: retryAfterMs ?? 0,
	};
}
