import { expect, test } from "vitest";
import { keySlot } from "../../platform/rdb/key-slot.ts";
import { CommandKeys } from "./command-keys.ts";
import { CommandSplitter, encodeCommand } from "./command-splitter.ts";
import { CopyOutdated, type RouterOptions, StreamRouter } from "./stream-router.ts";

const spec = (flags: string[], begin: unknown[], find: unknown[]) => [
	...["flags", flags, "begin_search", begin, "find_keys", find],
];
const at = (index: number) => ["type", "index", "spec", ["index", index]];
const range = (last: number, step = 1) => [
	...["type", "range", "spec", ["lastkey", last, "keystep", step, "limit", 0]],
];
const entry = (name: string, ...specs: unknown[]) => [
	...[name, -1, [], 1, 1, 1, [], [], specs, []],
];
/** As Valkey answers to COMMAND, in part. */
const KEYS = CommandKeys.of([
	entry("set", spec(["OW"], at(1), range(0))),
	entry("incr", spec(["RW"], at(1), range(0))),
	entry("del", spec(["RM"], at(1), range(-1))),
	entry("mset", spec(["OW"], at(1), range(-1, 2))),
	entry("rename", spec(["RW"], at(1), range(0)), spec(["OW"], at(2), range(0))),
	entry("sunionstore", spec(["OW"], at(1), range(0)), spec(["RO"], at(2), range(-1))),
	entry("sort", spec(["RO"], at(1), range(0)), spec(["OW"], ["type", "unknown", "spec", []], [])),
	entry(
		"eval",
		spec(["RW"], at(2), ["type", "keynum", "spec", ["keynumidx", 0, "firstkey", 1, "keystep", 1]]),
	),
	entry(
		"xreadgroup",
		spec(
			["RO"],
			["type", "keyword", "spec", ["keyword", "STREAMS", "startfrom", 4]],
			[...["type", "range", "spec", ["lastkey", -1, "keystep", 1, "limit", 2]]],
		),
	),
	[
		...["xgroup", -2, [], 0, 0, 0, [], [], []],
		[entry("xgroup|create", spec(["RW"], at(2), range(0)))],
	],
] as never);

const args = (text: string) => text.split(" ").map((word) => Buffer.from(word));
const namesOf = (text: string) =>
	KEYS.keysOf(args(text))?.map(({ key, isWritten }) => `${key}${isWritten ? "!" : ""}`);

test("the keys of a command are those that the engine's table names", () => {
	expect(namesOf("MSET a 1 b 2")).toEqual(["a!", "b!"]);
	expect(namesOf("sunionstore to a b")).toEqual(["to!", "a", "b"]);
	expect(namesOf("SORT list LIMIT 0 5 STORE to")).toEqual(["list", "to!"]);
	expect(namesOf("EVAL script 2 a b arg")).toEqual(["a!", "b!"]);
	expect(namesOf("XREADGROUP GROUP g c STREAMS a b > >")).toEqual(["a", "b"]);
	expect(namesOf("XGROUP CREATE stream g $")).toEqual(["stream!"]);
	expect(namesOf("UNHEARD of")).toBeUndefined();
});

/** Two keys of the lower half of all slots, and two of the upper. */
const [LOW, LOW2, HIGH, HIGH2] = ["a", "b", "c", "d", "e", "f", "g"].reduce<string[]>(
	(found, key) => {
		const isLow = keySlot(Buffer.from(key)) < 8_192;
		const places = isLow ? [0, 1] : [2, 3];
		const place = places.find((each) => found[each] === undefined);
		if (place !== undefined) found[place] = key;
		return found;
	},
	[],
);

function routerFor(options: Partial<RouterOptions> = {}) {
	const slots = new Uint8Array(16_384).fill(1, 0, 8_192);
	const router = new StreamRouter({
		...{ slots, isOnly: true, takesCode: true, takesMessages: true, keys: KEYS, ...options },
	});
	const splitter = new CommandSplitter();
	return (...lines: string[]) => {
		const forward: string[] = [];
		const fetch: string[] = [];
		const bytes = Buffer.concat(lines.map((line) => encodeCommand(line.split(" "))));
		for (const command of splitter.push(bytes).commands) {
			const routed = router.route(command);
			forward.push(...routed.forward.map(textOf));
			for (const key of routed.fetch) {
				fetch.push(String(key));
				router.hold(key, command.end + 25);
			}
		}
		return { forward, fetch };
	};
}

const textOf = (command: Buffer) =>
	new CommandSplitter().push(command).commands.map(({ args: words }) => words.join(" "))[0] ?? "";

test("a shard gets the commands of its slots, and its part of those that can be split", () => {
	const route = routerFor();
	expect(route("SELECT 0", `SET ${LOW} 1`, `SET ${HIGH} 1`, "PING").forward).toEqual([
		`SET ${LOW} 1`,
	]);
	expect(route(`MSET ${LOW} 1 ${HIGH} 2 ${LOW2} 3`).forward).toEqual([
		...[`SET ${LOW} 1`, `SET ${LOW2} 3`],
	]);
	expect(route(`DEL ${HIGH} ${LOW} ${LOW2}`).forward).toEqual([`DEL ${LOW}`, `DEL ${LOW2}`]);
	expect(route("FLUSHALL", "PUBLISH channel hello").forward).toEqual([
		...["FLUSHALL", "PUBLISH channel hello"],
	]);
	expect(route("FUNCTION LOAD code").forward).toEqual(["FUNCTION LOAD REPLACE code"]);
});

test("a transaction stays one if all of its keys are in one slot", () => {
	const route = routerFor();
	const same = ["MULTI", `SET {${LOW}}1 x`, `INCR {${LOW}}2`, "EXEC"];
	expect(route(...same).forward).toEqual(same);
	expect(route("MULTI", `INCR ${LOW}`, `INCR ${HIGH}`, `INCR ${LOW2}`, "EXEC").forward).toEqual([
		...[`INCR ${LOW}`, `INCR ${LOW2}`],
	]);
	expect(route("MULTI", `INCR ${HIGH}`, "EXEC").forward).toEqual([]);
});

test("keys that a command of several slots writes are read from the source, and are left alone until the stream is as far", () => {
	const route = routerFor();
	expect(route(`RENAME ${HIGH} ${LOW}`)).toEqual({ forward: [], fetch: [LOW] });
	// The source carried this out before it was read.
	expect(route(`INCR ${LOW}`).forward).toEqual([]);
	// The stream has passed the place.
	expect(route(`INCR ${LOW}`).forward).toEqual([`INCR ${LOW}`]);
	expect(route(`SUNIONSTORE ${LOW} ${HIGH} ${HIGH2}`).fetch).toEqual([LOW]);
	expect(route(`SUNIONSTORE ${HIGH} ${LOW} ${HIGH2}`)).toEqual({ forward: [], fetch: [] });
});

test("what can't be followed ends the copy or the migration, and says why", () => {
	const route = routerFor({ isOnly: false });
	expect(() => route("FLUSHDB")).toThrow(CopyOutdated);
	expect(() => route("CLUSTER SYNCSLOTS FINISH")).toThrow(CopyOutdated);
	expect(() => routerFor()("UNHEARD of")).toThrow("UNHEARD");
	expect(() => routerFor()("SELECT 3", `SET ${LOW} 1`)).toThrow("database 3");
	expect(
		routerFor({ takesCode: false, takesMessages: false })("FUNCTION FLUSH", "PUBLISH a b").forward,
	).toEqual([]);
});

test("without cluster mode, all goes on as it came", () => {
	const route = routerFor({ slots: null });
	const lines = [
		"SELECT 3",
		"MULTI",
		`SET ${LOW} 1`,
		`RENAME ${HIGH} ${LOW}`,
		"EXEC",
		"UNHEARD of",
	];
	expect(route(...lines).forward).toEqual(lines);
});
