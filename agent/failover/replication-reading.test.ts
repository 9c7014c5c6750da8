import { expect, test } from "vitest";
import { chooseBest, type ReplicationReading, readReplication } from "./replication-reading.ts";

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

test("a replica says whom it follows, how far it is and when it heard from it", () => {
	expect(replica()).toMatchObject({
		...{ isPrimary: false, follows: { host: "10.0.0.1", port: 7001 }, offset: 50 },
		...{ linkUp: true, heardSecondsAgo: 1, hasData: true },
	});
	const cut = replica({ master_link_status: "down", master_link_down_since_seconds: 3 });
	expect(cut).toMatchObject({ linkUp: false, heardSecondsAgo: null, hasData: true });
});

test("one that never synced has no data, whatever its offset says", () => {
	const never = { master_link_status: "down", master_link_down_since_seconds: -1 };
	expect(replica({ ...never, slave_repl_offset: 1 }).hasData).toBe(false);
	expect(replica({ loading: 1 }).hasData).toBe(false);
	// In sync with a primary that nobody wrote to.
	expect(replica({ slave_repl_offset: 0 }).hasData).toBe(true);
	// It led a moment ago, and hasn't reached its successor.
	expect(replica({ ...never, db0: "keys=3,expires=0" }).hasData).toBe(true);
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

test("the best has applied most of the failed primary's history", () => {
	const from = { host: "10.0.0.1", port: 7001 };
	const candidate = (name: string, reading: ReplicationReading | null) => ({ name, reading });
	const behind = candidate("behind", replica({ slave_repl_offset: 40 }));
	const ahead = candidate("ahead", replica({ slave_repl_offset: 60 }));
	const equal = candidate("equal", replica({ slave_repl_offset: 60 }));
	// Offsets of another history say nothing here.
	const stray = candidate("stray", replica({ slave_repl_offset: 900, master_port: 7009 }));
	const empty = candidate("empty", replica({ slave_repl_offset: 999, loading: 1 }));
	const silent = candidate("silent", null);
	expect(chooseBest([behind, stray, empty, ahead, equal, silent], from)?.name).toBe("ahead");
	expect(chooseBest([silent, stray, empty], from)?.name).toBe("stray");
	expect(chooseBest([silent, empty], from)).toBeNull();
});
