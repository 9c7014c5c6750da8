import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClusterConvergence } from "./cluster-convergence.ts";
import { readTopology } from "./cluster-topology.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const id = (letter: string) => letter.repeat(40);
const line = (letter: string, port: number, rest: string) =>
	`${id(letter)} 127.0.0.1:${port}@${port + 10_000} ${rest}`;
const topologyOf = (lines: readonly string[]) =>
	readTopology(lines.join("\n"), "cluster_state:ok\r\n", []);

const CLUSTER = {
	nodeId: id("a"),
	shards: [
		{
			slots: [{ first: 0, last: 16_383 }],
			primary: id("a"),
			members: [{ nodeId: id("a"), host: "127.0.0.1", port: 7_000 }],
		},
	],
	former: [],
};
const SELF = line("a", 7_000, "myself,master - 0 0 1 connected 0-16383");

test("who belongs to nobody is forgotten after half a minute, unless it owns slots or becomes a member", async () => {
	const asked: string[] = [];
	const convergence = new ClusterConvergence({
		command: async (...args) => {
			asked.push(args.join(" "));
			return "OK";
		},
		askNode: async () => null,
	});
	const owner = line("b", 7_001, "master - 0 1 2 connected 16383");
	const outsider = line("c", 7_002, `slave ${id("a")} 0 1 1 connected`);
	const newcomer = line("d", 7_003, `slave ${id("a")} 0 1 1 connected`);
	const topology = topologyOf([SELF, owner, outsider, newcomer]);
	await convergence.converge(CLUSTER, topology);
	vi.advanceTimersByTime(29_000);
	await convergence.converge(CLUSTER, topology);
	expect(asked).toEqual([]);
	const [shard] = CLUSTER.shards;
	if (shard === undefined) throw new Error("no shard");
	const member = { nodeId: id("d"), host: "127.0.0.1", port: 7_003 };
	const grown = { ...CLUSTER, shards: [{ ...shard, members: [...shard.members, member] }] };
	vi.advanceTimersByTime(2_000);
	await convergence.converge(grown, topology);
	expect(asked).toEqual([`CLUSTER FORGET ${id("c")}`]);
	// Had it been counted on as a member, its time would begin anew.
	vi.advanceTimersByTime(1_000);
	await convergence.converge(CLUSTER, topologyOf([SELF, newcomer]));
	expect(asked).toHaveLength(1);
});
