import type { Cluster, Redis } from "ioredis";

/** Data of every type, in its small and its large encoding, and what a client can read of it. */

type Client = Redis | Cluster;

const LARGE = "x".repeat(300);
const DAY_MS = 86_400_000;
const LIBRARY =
	"#!lua name=larder_test\nredis.register_function('larder_echo', function(keys, args) return args[1] end)";

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Fills one database. Keys that begin with `soon:` expire while the test runs. */
export async function fillRichly(client: Client, plainKeys: number): Promise<void> {
	const until = Date.now() + DAY_MS;
	const commands: (string | number)[][] = [
		["SET", "text", "häppy\r\n\0 text"],
		["SET", "number", "1234567"],
		["SET", "small-number", "12"],
		["SET", "compressible", "abc".repeat(5_000)],
		["SET", "expiring", "later", "PXAT", until],
		["SET", "soon:gone", "soon", "PX", "1"],
		["SET", "123456789", "a key that is a number"],
		["SET", `long-key-${"k".repeat(500)}`, "compressible key"],
		["SET", "{tag}one", "1"],
		["SET", "{tag}two", "2"],
		["APPEND", "raw", LARGE],
		["RPUSH", "list:small", "a", "b", "1", "-5"],
		["RPUSH", "list:large", ...range(300).map((n) => `${n}${LARGE}`)],
		["RPUSH", "list:huge-entry", "y".repeat(20_000), "z"],
		["SADD", "set:numbers", ...range(100)],
		["SADD", "set:small", "a", "b", "c"],
		["SADD", "set:large", ...range(700).map((n) => `member-${n}`)],
		["ZADD", "zset:small", 1.5, "a", "-inf", "b", "+inf", "c"],
		["ZADD", "zset:large", ...range(700).flatMap((n) => [n / 3, `member-${n}`])],
		["HSET", "hash:small", "field", "value", "number", 7],
		["HSET", "hash:large", ...range(200).flatMap((n) => [`field-${n}`, `${n}${LARGE}`])],
		["PEXPIREAT", "hash:large", until + 1],
		["PFADD", "hyperloglog", ...range(500)],
		["SETBIT", "bits", 70_000, 1],
		["GEOADD", "geo", 13.361389, 38.115556, "Palermo"],
	];
	for (const [name = "", ...args] of commands) await client.call(String(name), ...args);
	await fillStream(client);
	await fillPlain(client, plainKeys);
}

async function fillPlain(client: Client, count: number): Promise<void> {
	for (let begin = 0; begin < count; begin += 500) {
		const batch = range(Math.min(500, count - begin)).map((n) => begin + n);
		await Promise.all(batch.map((n) => client.set(`plain:${n}`, `value ${n}`)));
	}
}

async function fillStream(client: Client): Promise<void> {
	for (const n of range(120))
		await client.call("XADD", "stream", `${n + 1}-1`, "n", n, "text", LARGE);
	await client.call("XDEL", "stream", "5-1", "120-1");
	await client.call("XGROUP", "CREATE", "stream", "workers", "0");
	await client.call("XGROUP", "CREATE", "stream", "idle", "$");
	await client.call(
		"XREADGROUP",
		"GROUP",
		"workers",
		"alice",
		"COUNT",
		10,
		"STREAMS",
		"stream",
		">",
	);
	await client.call("XREADGROUP", "GROUP", "workers", "bob", "COUNT", 5, "STREAMS", "stream", ">");
	await client.call("XACK", "stream", "workers", "1-1", "2-1");
	await client.call("XADD", "stream:empty", "1-1", "a", "b");
	await client.call("XDEL", "stream:empty", "1-1");
}

/** Gives a node a library of functions. */
export async function loadLibrary(client: Redis): Promise<void> {
	await client.call("FUNCTION", "LOAD", "REPLACE", LIBRARY);
}

export async function librariesOf(client: Redis): Promise<string> {
	return JSON.stringify(await client.call("FUNCTION", "LIST", "WITHCODE"));
}

/** Everything that clients of one node can read of its database: a text for each key. */
export async function readRichly(client: Redis): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	let cursor = "0";
	do {
		const [next, keys] = await client.scanBuffer(cursor, "COUNT", 1_000);
		cursor = next.toString();
		for (const key of keys) {
			const text = await readKey(client, key);
			if (text !== null) found.set(key.toString("latin1"), text);
		}
	} while (cursor !== "0");
	return found;
}

async function readKey(client: Redis, key: Buffer): Promise<string | null> {
	const type = await client.type(key);
	if (type === "none") return null;
	const expires = await client.call("PEXPIRETIME", key);
	return JSON.stringify([type, expires, await readValue(client, key, type)]);
}

async function readValue(client: Redis, key: Buffer, type: string): Promise<unknown> {
	const hex = (values: unknown): unknown =>
		Buffer.isBuffer(values)
			? values.toString("latin1")
			: Array.isArray(values)
				? values.map(hex)
				: values;
	switch (type) {
		case "string":
			return hex(await client.getBuffer(key));
		case "list":
			return hex(await client.lrangeBuffer(key, 0, -1));
		case "set":
			return (hex(await client.smembersBuffer(key)) as string[]).sort();
		case "zset":
			return scoresOf(hex(await client.callBuffer("ZRANGE", key, "0", "-1", "WITHSCORES")));
		case "hash":
			return Object.entries(await client.hgetall(key)).sort(([a], [b]) => (a < b ? -1 : 1));
		case "stream":
			return [await client.xrange(key, "-", "+"), await readGroups(client, key)];
		default:
			throw new Error(`a test can't read a ${type}`);
	}
}

/** Engines write the same number in different ways, and clients group members and scores in different ways. */
function scoresOf(answer: unknown): unknown {
	const flat = (answer as unknown[]).flat();
	return flat.map((value, index) => (index % 2 === 0 ? value : String(Number(value))));
}

/** Groups, consumers and pending entries, without how long ago something happened. */
async function readGroups(client: Redis, key: Buffer): Promise<unknown> {
	const groups = (await client.call("XINFO", "GROUPS", key)) as unknown[][];
	return await Promise.all(
		groups.map(async (group) => {
			const name = String(group[group.indexOf("name") + 1]);
			const pending = (await client.call("XPENDING", key, name, "-", "+", "1000")) as unknown[][];
			return [group, pending.map(([id, consumer, , deliveries]) => [id, consumer, deliveries])];
		}),
	);
}
