import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { readTopology } from "./cluster-topology.ts";
import { KeyByKeyMoves } from "./key-by-key-moves.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const [A, B, C] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const lines = (arriving = "") => [
	`${A} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191`,
	`${B} 127.0.0.1:7001@17001 master - 0 1 2 connected 8192-16383`,
	`${C} 127.0.0.1:7002@17002 master - 0 1 3 connected${arriving}`,
];
const topology = readTopology(lines().join("\n"), "cluster_state:ok\r\n", []);
const cluster = {
	...{ nodeId: A, shards: [], former: [] },
	moves: [{ id: "m1", slots: [{ first: 4_096, last: 8_191 }], to: C }],
};

test("a source waits while the target takes in slots of another that makes progress", async () => {
	let arriving = "";
	const moves = new KeyByKeyMoves({
		assignment: () => ({ engine: "valkey" }) as Assignment,
		command: async () => "OK",
		askNode: async () => lines(arriving).join("\n"),
	});
	const begins = () => moves.keep(cluster, topology);
	for (const slot of [9_000, 9_001, 9_002]) {
		arriving = ` [${slot}-<-${B}]`;
		expect(await begins()).toBe(false);
		vi.advanceTimersByTime(9_000);
		expect(await begins()).toBe(false);
	}
	// The other's agent died, perhaps.
	vi.advanceTimersByTime(2_000);
	expect(await begins()).toBe(true);
});

test("a source doesn't wait for slots that arrive from itself", async () => {
	const moves = new KeyByKeyMoves({
		assignment: () => ({ engine: "valkey" }) as Assignment,
		command: async () => "OK",
		askNode: async () => lines(` [4096-<-${A}]`).join("\n"),
	});
	expect(await moves.keep(cluster, topology)).toBe(true);
});

test("a target gives open slots that a failover left without an owner to the source's new primary", async () => {
	const asked: string[] = [];
	const moves = new KeyByKeyMoves({
		assignment: () => ({ engine: "redis" }) as Assignment,
		command: async (...args) => {
			asked.push(args.join(" "));
			return "OK";
		},
		askNode: async () => null,
	});
	const known = [
		`${A} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191 [9000-<-${B}] [9001-<-${B}]`,
		`${B} 127.0.0.1:7001@17001 slave ${C} 0 1 2 connected`,
		`${C} 127.0.0.1:7002@17002 master - 0 1 3 connected 8192-8999 9001-16383`,
	];
	const seen = readTopology(known.join("\n"), "cluster_state:ok\r\n", []);
	await moves.keep({ ...cluster, moves: [] }, seen);
	expect(asked).toEqual([`CLUSTER SETSLOT 9000 NODE ${C}`]);
});
