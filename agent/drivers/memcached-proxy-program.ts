import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { MEMCACHED_NODES_MIN } from "../../server/contract/serverless.ts";

/** Name of the listener for clients in the command line. */
export const CLIENT_LISTENER = "clients";
/** A counter of `stats proxy`: how often a request has had to wait for the ECPU maximum. */
export const WAITS_COUNTER = "user_larder_waits";

export interface ProxyProgram {
	readonly text: string;
	/** In `stats proxyfuncs`, the field that says how many of the engine's threads run this program. */
	readonly threads: string;
}

/** For the first `count` of these nodes. Without any, all keys are misses. */
export function proxyProgram(
	{ nodes: members, count }: NonNullable<Assignment["proxy"]>,
	/** Null for any number. */
	ecpuPerSecond: number | null,
): ProxyProgram {
	const nodes = members.map(({ host, port }) => {
		if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(host)) throw new Error(`${host} isn't a host name`);
		return `{ host = "${host}", port = "${port}" }`;
	});
	const values = `local nodes = { ${nodes.join(", ")} }
local count = ${Math.min(count, members.length)}
local ecpuPerSecond = ${ecpuPerSecond ?? "nil"}
`;
	const hash = createHash("sha256").update(values).update(PROGRAM).digest("hex").slice(0, 16);
	const name = `larder_${hash}`;
	return { text: `${values}local programName = "${name}"\n${PROGRAM}`, threads: `funcs_${name}` };
}

/**
 * Runs inside of memcached (its proxy's Lua).
 *
 * A key's node follows from its hash and the number of nodes ("jump hash"): with one node more at the end of the list, only
 * keys of that node move, and with one node less, only these move back. A node that keys have left keeps what it has of
 * them. So that clients never see an old value, whatever changes a key also deletes it on the nodes that would have it
 * if there were fewer, or that will have it: all proxies know a node before any of them leads there.
 *
 * While a node can't be reached, its keys are misses: reads find nothing and writes store nothing, which clients expect
 * of a cache. A delete fails with an error, because a client that deletes relies on the old value being gone. An
 * engine's error that isn't about its memory makes the proxy close the connection to that node, and what other clients had
 * sent over it is lost, so what may be done twice is sent again.
 *
 * Beyond the ECPU maximum, requests wait here, each for itself: 1 ECPU a request and KB.
 */
const PROGRAM = String.raw`
local WAITS <const> = 1
local NODES_LEAST <const> = ${MEMCACHED_NODES_MIN}

function mcp_config_pools()
	mcp.add_stat(WAITS, "larder_waits")
	mcp.tcp_keepalive(true)
	mcp.backend_connect_timeout(1)
	mcp.backend_read_timeout(5)
	mcp.backend_retry_waittime(1)
	mcp.backend_flap_time(1)
	mcp.backend_flap_backoff_max(1)
	local pools = {}
	for place, node in ipairs(nodes) do
		local label = node.host .. ":" .. node.port
		pools[place] = mcp.pool({ mcp.backend({ label = label, host = node.host, port = node.port }) })
	end
	local allowance = ecpuPerSecond and mcp.ratelim_global_tbf({
		limit = ecpuPerSecond,
		fillrate = math.max(1, ecpuPerSecond // 10),
		tickrate = 100,
	})
	return { pools = pools, allowance = allowance }
end

local function setOf(...)
	local set = {}
	for _, each in ipairs({ ... }) do
		set[each] = true
	end
	return set
end

-- Where a command says how long its value is.
local SIZE_TOKENS <const> = {
	[mcp.CMD_MS] = 3,
	[mcp.CMD_SET] = 5,
	[mcp.CMD_ADD] = 5,
	[mcp.CMD_REPLACE] = 5,
	[mcp.CMD_APPEND] = 5,
	[mcp.CMD_PREPEND] = 5,
	[mcp.CMD_CAS] = 5,
}
local READS <const> = setOf(mcp.CMD_GET, mcp.CMD_GETS, mcp.CMD_GAT, mcp.CMD_GATS, mcp.CMD_MG, mcp.CMD_ME)
local META <const> = setOf(mcp.CMD_MS, mcp.CMD_MD, mcp.CMD_MA)
local DELETES <const> = setOf(mcp.CMD_DELETE, mcp.CMD_MD)
local REPEATABLE <const> = setOf(mcp.CMD_SET, mcp.CMD_TOUCH, mcp.CMD_DELETE)

-- FNV-1a, and a last step that spreads it over all bits.
local function hashOf(key)
	local hash = 0xcbf29ce484222325
	for index = 1, #key do
		hash = (hash ~ string.byte(key, index)) * 0x100000001b3
	end
	hash = (hash ~ (hash >> 33)) * 0xff51afd7ed558ccd
	return hash ~ (hash >> 33)
end

-- The place of the key's node. Calls "other" with the places that it has with fewer nodes, and will have with all.
local function placeOf(key, other)
	local state = hashOf(key)
	local current, next = 0, 0
	local last = other and #nodes or count
	while next < last do
		local place = next
		state = state * 2862933555777941757 + 1
		next = math.floor((place + 1) * (2147483648.0 / ((state >> 33) + 1)))
		if place < count and next >= count then
			current = place + 1
		elseif other and next >= NODES_LEAST then
			other(place + 1)
		end
	end
	return current
end

-- No node has answered: a node's own error has a text.
local function isLost(res)
	return not res:ok() and res:code() == mcp.MCMC_CODE_SERVER_ERROR and res:raw_string() == nil
end

function mcp_config_routes(conf)
	local allowance = conf.allowance
	local asMiss = mcp.res_mutator_new({ t = "resnull", idx = 1 })
	local route = mcp.funcgen_new()
	local first, again = {}, {}
	for place, pool in ipairs(conf.pools) do
		first[place], again[place] = route:new_handle(pool), route:new_handle(pool)
	end

	local function pay(rctx, ecpus)
		while ecpus > 0 do
			local part = math.min(ecpus, math.max(1, ecpuPerSecond // 2))
			while not allowance(part) do
				mcp.stat(WAITS, 1)
				rctx:sleep(0.02)
			end
			ecpus = ecpus - part
		end
	end

	route:ready({
		n = programName,
		u = 1,
		f = function(rctx)
			local miss = rctx:response_new()
			return function(request)
				if count == 0 then
					asMiss(miss, request)
					return miss
				end
				local command = request:command()
				if allowance then
					local token = SIZE_TOKENS[command]
					local size = token and request:token_int(token) or 0
					pay(rctx, 1 + math.max(0, size) // 1024)
				end
				local key = request:key()
				local isRead = READS[command]
				local place = placeOf(key, not isRead and function(otherPlace)
					local flag = META[command] and request:has_flag("b") and " b" or ""
					rctx:enqueue(mcp.request("md " .. key .. flag .. "\r\n"), first[otherPlace])
				end)
				local res = rctx:enqueue_and_wait(request, first[place])
				if isLost(res) and (isRead or REPEATABLE[command]) then
					res = rctx:enqueue_and_wait(request, again[place])
				end
				if isLost(res) and not DELETES[command] then
					asMiss(miss, request)
					return miss
				end
				if allowance and res:hit() then
					pay(rctx, res:vlen() // 1024)
				end
				return res
			end
		end,
	})
	mcp.attach(mcp.CMD_ANY_STORAGE, route, "${CLIENT_LISTENER}")
end
`;
