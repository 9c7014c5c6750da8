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

test("an outsider is forgotten after three seconds, unless it owns slots or becomes a member", async () => {
	const asked: string[] = [];
	const convergence = new ClusterConvergence({
		command: async (...args) => {
			asked.push(args.join(" "));
			return "OK";
		},
		askNode: async () => null,
		inTouch: () => true,
	});
	const owner = line("b", 7_001, "master - 0 1 2 connected 16383");
	const outsider = line("c", 7_002, `slave ${id("a")} 0 1 1 connected`);
	const newcomer = line("d", 7_003, `slave ${id("a")} 0 1 1 connected`);
	const rest = SELF.replace("0-16383", "0-16382");
	const topology = topologyOf([rest, owner, outsider, newcomer]);
	await convergence.converge(CLUSTER, topology);
	vi.advanceTimersByTime(2_900);
	await convergence.converge(CLUSTER, topology);
	expect(asked).toEqual([]);
	const [shard] = CLUSTER.shards;
	if (shard === undefined) throw new Error("no shard");
	const member = { nodeId: id("d"), host: "127.0.0.1", port: 7_003 };
	const grown = { ...CLUSTER, shards: [{ ...shard, members: [...shard.members, member] }] };
	vi.advanceTimersByTime(200);
	await convergence.converge(grown, topology);
	expect(asked).toEqual([`CLUSTER FORGET ${id("c")}`]);
	// It counted as a member meanwhile, so its time starts again.
	vi.advanceTimersByTime(1_000);
	await convergence.converge(CLUSTER, topologyOf([SELF, newcomer]));
	expect(asked).toHaveLength(1);
});

/** A convergence, and the commands that it sends to its engine. */
function recorded(inTouch = () => true) {
	const asked: string[] = [];
	const convergence = new ClusterConvergence({
		command: async (...args) => {
			asked.push(args.join(" "));
			return "OK";
		},
		askNode: async () => null,
		inTouch,
	});
	return { asked, convergence };
}

test("a primary takes slots back from an outsider in one transaction", async () => {
	const { asked, convergence } = recorded();
	await convergence.converge(CLUSTER, topologyOf([SELF]));
	const robbed = line("a", 7_000, "myself,master - 0 0 1 connected 0-41 43-16383");
	const thief = line("b", 7_001, "master - 0 1 9 connected 42");
	await convergence.converge(CLUSTER, topologyOf([robbed, thief]));
	expect(asked).toEqual([
		...["MULTI", "CLUSTER BUMPEPOCH", `CLUSTER FORGET ${id("b")}`],
		...["CLUSTER ADDSLOTSRANGE 42 42", "EXEC"],
	]);
	// The engine refused: the transaction is repeated.
	vi.advanceTimersByTime(200);
	await convergence.converge(CLUSTER, topologyOf([robbed, thief]));
	expect(asked).toHaveLength(10);
});

test("a primary that lost everything to an outsider, and follows it, takes over from it", async () => {
	const { asked, convergence } = recorded();
	await convergence.converge(CLUSTER, topologyOf([SELF]));
	const follower = line("a", 7_000, `myself,slave ${id("b")} 0 0 1 connected`);
	const thief = line("b", 7_001, "master - 0 1 9 connected 0-16383");
	await convergence.converge(CLUSTER, topologyOf([follower, thief]));
	expect(asked).toEqual(["CLUSTER FAILOVER TAKEOVER"]);
});

test("slots that this engine never owned, or lost to a member, stay with their owner", async () => {
	const { asked, convergence } = recorded();
	const owner = line("b", 7_001, "master - 0 1 9 connected 42");
	const rest = line("a", 7_000, "myself,master - 0 0 1 connected 0-41 43-16383");
	await convergence.converge(CLUSTER, topologyOf([rest, owner]));
	await convergence.converge(CLUSTER, topologyOf([rest, owner]));
	expect(asked).toEqual([]);
	// It was primary, and a member that a restored control plane doesn't know took over.
	const other = recorded();
	const [shard] = CLUSTER.shards;
	if (shard === undefined) throw new Error("no shard");
	const sibling = { nodeId: id("b"), host: "127.0.0.1", port: 7_001 };
	const known = { ...CLUSTER, shards: [{ ...shard, members: [...shard.members, sibling] }] };
	const leads = line("b", 7_001, "master - 0 1 9 connected 0-16383");
	const follows = line("a", 7_000, `myself,slave ${id("b")} 0 0 1 connected`);
	await other.convergence.converge(
		known,
		topologyOf([SELF, line("b", 7_001, `slave ${id("a")} 0 1 1 connected`)]),
	);
	await other.convergence.converge(known, topologyOf([follows, leads]));
	other.asked.length = 0;
	await other.convergence.converge(CLUSTER, topologyOf([follows, leads]));
	expect(other.asked).toEqual([]);
});

test("an agent that isn't in touch takes nothing back: a successor that it doesn't know may have taken over", async () => {
	let isInTouch = false;
	const { asked, convergence } = recorded(() => isInTouch);
	await convergence.converge(CLUSTER, topologyOf([SELF]));
	const follower = line("a", 7_000, `myself,slave ${id("b")} 0 0 1 connected`);
	const successor = line("b", 7_001, "master - 0 1 9 connected 0-16383");
	await convergence.converge(CLUSTER, topologyOf([follower, successor]));
	expect(asked).toEqual([]);
	// The control plane doesn't know it either.
	isInTouch = true;
	await convergence.converge(CLUSTER, topologyOf([follower, successor]));
	expect(asked).toEqual(["CLUSTER FAILOVER TAKEOVER"]);
});
