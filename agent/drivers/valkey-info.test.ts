import { expect, test } from "vitest";
import { countKeys, countRequests, parseInfo, readRequests } from "./valkey-info.ts";

test("keys are counted over all databases", () => {
	expect(
		countKeys(parseInfo("# Keyspace\r\ndb0:keys=3,expires=0\r\ndb7:keys=2,expires=1\r\n")),
	).toBe(5);
});

const calls = (command: string, count: number) =>
	`cmdstat_${command}:calls=${count},usec=9,usec_per_call=1.8,rejected_calls=1,failed_calls=0`;

test("requests are what applications send, not what keeps connections and replicas going", () => {
	const lines = [
		...[calls("get", 5), calls("set", 2), calls("ping", 100), calls("cluster|info", 70)],
		...[calls("role", 40), calls("function|load", 3), calls("function|list", 4), calls("exec", 6)],
		...[calls("publish", 8), calls("subscribe", 9), calls("module|list", 50)],
		// What agents tell an engine that nobody uses.
		...[calls("memory|purge", 3), calls("memory|usage", 1), calls("failover", 2)],
		// A primary tells its replicas which database its writes are for.
		calls("select", 5),
		...[calls("bgsave", 4), calls("script|kill", 1)],
	];
	const fields = parseInfo(lines.join("\r\n"));
	expect(countRequests(fields, new Set(["set", "function|load"]))).toEqual({
		...{ direct: 5 + 4 + 1, commands: 2 + 3 + 6, publishes: 8 },
	});
});

test("a node's place in the stream of writes is read with the counters", () => {
	const read = (...lines: string[]) =>
		readRequests(parseInfo([calls("set", 2), ...lines].join("\r\n")), new Set(["set"]), 3);
	expect(read("role:master", "master_repl_offset:70", "second_repl_offset:-1")).toEqual({
		direct: 0,
		replicable: {
			...{
				commands: 2,
				publishes: 0,
				sentinels: 3,
				leads: true,
				offset: 70,
				turnedAt: null,
				heldFrom: null,
			},
		},
	});
	const replica = read(
		"role:slave",
		"slave_repl_offset:90",
		"second_repl_offset:71",
		"repl_backlog_first_byte_offset:61",
	);
	expect(replica.replicable).toMatchObject({
		...{ leads: false, offset: 90, turnedAt: 70, heldFrom: 60 },
	});
});
