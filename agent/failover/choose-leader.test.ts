import { expect, test } from "vitest";
import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { type ReplicationReading, readReplication } from "../drivers/replication-reading.ts";
import { chooseBest, eligible, leaderOf } from "./choose-leader.ts";

const info = (fields: Record<string, string | number>) =>
	Object.entries(fields)
		.map(([name, value]) => `${name}:${value}\r\n`)
		.join("");
const replica = (changes: Record<string, string | number> = {}) =>
	readReplication(
		info({
			...{ role: "slave", master_host: "10.0.0.1", master_port: 7001, loading: 0 },
			...{ master_link_status: "up", master_last_io_seconds_ago: 1, slave_repl_offset: 50 },
			...changes,
		}),
	);

test("a replica says which primary it follows, its offset, and when it last heard from the primary", () => {
	expect(replica()).toMatchObject({
		...{ isPrimary: false, follows: { host: "10.0.0.1", port: 7001 }, offset: 50 },
		...{ linkUp: true, heardSecondsAgo: 1, mayLead: true },
	});
	const cut = replica({ master_link_status: "down", master_link_down_since_seconds: 3 });
	expect(cut).toMatchObject({ linkUp: false, heardSecondsAgo: null, mayLead: true });
});

test("a replica that never synced has no data, whatever its offset says", () => {
	const never = { master_link_status: "down", master_link_down_since_seconds: -1 };
	expect(replica({ ...never, slave_repl_offset: 1 }).mayLead).toBe(false);
	expect(replica({ loading: 1 }).mayLead).toBe(false);
	// In sync with a primary that was never written to.
	expect(replica({ slave_repl_offset: 0 }).mayLead).toBe(true);
	// It was primary a moment ago, or synced with an earlier primary, and hasn't reached the next one.
	expect(replica({ ...never, slave_priority: 100 }).mayLead).toBe(true);
	expect(replica({ ...never, slave_priority: 100, loading: 1 }).mayLead).toBe(false);
});

test("a primary lists the replicas that are online, and whether it is handing over", () => {
	const primary = readReplication(
		info({
			...{ role: "master", master_repl_offset: 90, master_failover_state: "no-failover" },
			slave0: "ip=10.0.0.2,port=7002,state=online,offset=90,lag=0",
			slave1: "ip=10.0.0.3,port=7003,state=wait_bgsave,offset=0,lag=0",
		}),
	);
	expect(primary).toMatchObject({ isPrimary: true, follows: null, offset: 90 });
	expect(primary.handingOver).toBe(false);
	expect(primary.replicas).toEqual([{ host: "10.0.0.2", port: 7002 }]);
	const states = info({ role: "master", master_failover_state: "waiting-for-sync" });
	expect(readReplication(states).handingOver).toBe(true);
});

test("the best candidate has applied most of the failed primary's history", () => {
	const member = { nodeId: "n1", clusterNodeId: "c1", name: "orders-001" };
	const from = { ...member, host: "10.0.0.1", port: 7001 };
	const best = (
		candidates: { name: string; reading: ReplicationReading | null }[],
		fromState: FailoverOrder["fromState"] = "dead",
	) => chooseBest(candidates, { from, fromState })?.name;
	const candidate = (name: string, reading: ReplicationReading | null) => ({ name, reading });
	const behind = candidate("behind", replica({ slave_repl_offset: 40 }));
	const ahead = candidate("ahead", replica({ slave_repl_offset: 60 }));
	const equal = candidate("equal", replica({ slave_repl_offset: 60 }));
	// Offsets of another history mean nothing here.
	const stray = candidate("stray", replica({ slave_repl_offset: 900, master_port: 7009 }));
	const empty = candidate("empty", replica({ slave_repl_offset: 999, loading: 1 }));
	const silent = candidate("silent", null);
	expect(best([behind, stray, empty, ahead, equal, silent])).toBe("ahead");
	expect(best([silent, stray, empty])).toBe("stray");
	expect(best([silent, empty])).toBeUndefined();
	// It started with the data that it kept across a reboot: the last resort, once the primary is dead.
	const never = { master_link_status: "down", master_link_down_since_seconds: -1 };
	const kept = replica({ ...never, slave_repl_offset: 99, db0: "keys=3,expires=0" });
	expect(best([candidate("kept", kept), behind])).toBe("behind");
	expect(best([candidate("kept", kept), silent])).toBe("kept");
	expect(best([candidate("kept", kept), silent], "silent")).toBeUndefined();
	// No node holds any data any more.
	expect(best([candidate("new", replica(never))], "lost")).toBe("new");
	expect(best([candidate("new", replica(never)), behind], "lost")).toBe("behind");
	expect(best([candidate("new", replica(never)), silent], "lost")).toBeUndefined();
	expect(best([silent, candidate("new", replica(never))], "demoted")).toBeUndefined();
});

test("a member that leads already keeps its role, but not a former primary that was left behind", () => {
	const member = (name: string, reading: ReplicationReading | null) => ({ name, reading });
	const primary = (name: string, history: string, former = "") => {
		const fields = { role: "master", master_replid: history, master_replid2: former };
		return member(name, readReplication(info(fields)));
	};
	const follower = member("orders-002", replica({ master_replid: "b", master_replid2: "a" }));
	const leader = (
		others: ReturnType<typeof member>[],
		fromState: FailoverOrder["fromState"] = "dead",
		candidates = [follower],
	) => leaderOf(candidates, others, fromState)?.name ?? null;
	expect(leader([])).toBeNull();
	expect(leader([primary("orders-003", "b")])).toBe("orders-003");
	expect(leader([primary("promoted", "c", "b")])).toBe("promoted");
	expect(leader([primary("left behind", "a")])).toBeNull();
	expect(leader([primary("left behind", "a"), primary("promoted", "c", "b")])).toBe("promoted");
	expect(leader([member("silent", null)])).toBeNull();
	expect(leader([primary("orders-003", "x")], "lost")).toBe("orders-003");
	expect(leader([], "dead", [follower, primary("candidate", "x")])).toBe("candidate");
});

test("in a lost shard, a member that was taken for dead and has synced comes before an empty one", () => {
	const from = { nodeId: "n1", clusterNodeId: "c1", name: "n1", host: "10.0.0.1", port: 7001 };
	const never = { master_link_status: "down", master_link_down_since_seconds: -1 };
	const empty = { name: "empty", reading: replica(never) };
	const others = [
		{ name: "synced", reading: replica() },
		{ name: "empty as well", reading: replica(never) },
		{ name: "silent", reading: null },
	];
	const best = (fromState: FailoverOrder["fromState"], among = others) =>
		chooseBest(eligible([empty], among, fromState), { from, fromState })?.name ?? null;
	expect(best("lost")).toBe("synced");
	expect(best("lost", others.slice(1))).toBe("empty");
	expect(best("dead")).toBeNull();
});
