import { expect, test } from "vitest";
import { EngineCommandError } from "./engine-connection.ts";
import { applyParameters, isSameValue, writableParameters } from "./valkey-parameters.ts";

const live = (name: string, value: string) => ({ name, value, live: true });

test("two notations of the same value are equal", () => {
	expect(isSameValue("100mb", "104857600")).toBe(true);
	expect(
		isSameValue("normal 0 0 0 pubsub 32mb 8mb 60", "normal 0 0 0 pubsub 33554432 8388608 60"),
	).toBe(true);
	expect(isSameValue("KE", "Ke")).toBe(false);
	expect(isSameValue("1k", "1024")).toBe(false);
	expect(isSameValue("allkeys-lru", "volatile-lru")).toBe(false);
});

test("no parameter changes a setting that Larder depends on", () => {
	const names = [
		...["bind", "replicaof", "cluster-enabled", "cluster-config-file", "tls-port", "save"],
		...["Timeout", "timeout 5\nport", "include", "maxmemory"],
	];
	expect(writableParameters(names.map((name) => live(name, "1")))).toEqual([]);
	const free = [live("timeout", "5"), live("cluster-require-full-coverage", "no")];
	expect(writableParameters(free)).toEqual(free);
});

test("only differing values are set, and one refusal doesn't affect the others", async () => {
	const sent: string[][] = [];
	const refused = await applyParameters(
		[live("timeout", "5"), live("hz", "10"), live("maxclients", "0"), live("absent", "1")],
		async (...args) => {
			sent.push(args);
			if (args[1] === "GET") return ["timeout", "0", "hz", "10", "maxclients", "10000"];
			if (args[2] === "maxclients") throw new EngineCommandError("CONFIG", "ERR out of range");
			return "OK";
		},
	);
	expect(sent.map((args) => args.slice(1))).toEqual([
		["GET", "timeout", "hz", "maxclients", "absent"],
		["SET", "timeout", "5"],
		["SET", "maxclients", "0"],
	]);
	expect(refused).toEqual([
		{ name: "maxclients", value: "0", message: "CONFIG: ERR out of range" },
		{ name: "absent", value: "1", message: "the engine has no such setting" },
	]);
});
