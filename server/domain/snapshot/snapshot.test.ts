import { describe, expect, it } from "vitest";
import type { SnapshotContent, SnapshotReport } from "../../contract/snapshot.ts";
import { cache, host, node, running } from "../cache/testing/models.ts";
import { chooseSource, obstacleOf } from "./choose-source.ts";
import { openSince } from "./daily-window.ts";
import { followShard, type TakenShard } from "./follow-shard.ts";
import { planFiles, restoreProblem } from "./plan-files.ts";

const CONTENT: SnapshotContent = {
	...{ rdbVersion: 11, keys: 5, expiringKeys: 0, lastDatabase: 0, functions: 0 },
	producer: "valkey 8.1.1",
};
const NEVER = new Set<string>();

function chosen(
	nodes: Parameters<typeof cache>[0],
	waitedMs = 0,
	avoid: ReadonlySet<string> = NEVER,
) {
	const [shard] = cache(nodes).shards;
	if (shard === undefined) throw new Error("no shard");
	const source = chooseSource(shard, waitedMs, avoid);
	return "node" in source ? source.node.name : source.reason;
}

describe("what is copied", () => {
	const primary = node(1, running("primary"));
	const behind = node(2, running("replica", { linkUp: false }));

	it("is a replica in sync", () => {
		expect(chosen([primary, behind, node(3, running("replica"))])).toBe("orders-003");
	});
	it("is another replica where the first one failed", () => {
		const replicas = [node(2, running("replica")), node(3, running("replica"))];
		expect(chosen([primary, ...replicas])).toBe("orders-002");
		expect(chosen([primary, ...replicas], 0, new Set(["h2"]))).toBe("orders-003");
		expect(chosen([primary, ...replicas.slice(0, 1)], 0, new Set(["h2"]))).toBe("orders-002");
	});
	it("is the primary if it is alone, or once no replica has been in sync for a minute", () => {
		expect(chosen([primary])).toBe("orders-001");
		expect(chosen([primary, behind])).toMatch("No replica of orders-001 is in sync");
		expect(chosen([primary, behind], 60_000)).toBe("orders-001");
	});
	it("is no node that is about to go", () => {
		const leaving = node(2, running("replica"), { leavingAt: new Date(0) });
		expect(chosen([primary, leaving])).toBe("orders-001");
	});
	it("is nothing while no node serves", () => {
		const silent = node(1, running("primary"), { host: host(1, { online: false }) });
		expect(chosen([silent])).toMatch("doesn't serve");
		expect(obstacleOf(cache([silent]))).toMatch("Shard 1 has no node that serves");
		expect(obstacleOf(cache([primary], { everAvailable: false }))).toMatch("being created");
		expect(obstacleOf(cache([primary]))).toBeNull();
	});
});

describe("a shard that is being copied", () => {
	const report: SnapshotReport = {
		...{ id: "s:0", phase: "stored", bytes: 10, totalBytes: 10, sha256: "abc" },
		...{ content: CONTENT, message: null },
	};
	const taken = (said: Partial<SnapshotReport> | null, changes: Partial<TakenShard> = {}) =>
		followShard({
			...{ orderId: "s:0", stored: null, storeProblem: null, expectedBytes: 100, idleMs: 0 },
			isDiskFull: false,
			node: node(1, {
				...running("primary"),
				...(said !== null && { snapshot: { ...report, ...said } }),
			}),
			...changes,
		});

	it("is done once the store has exactly what its host sent and read", () => {
		const stored = { bytes: 10, sha256: "abc" };
		expect(taken({}, { stored })).toEqual({ kind: "done", ...stored, content: CONTENT });
		expect(taken({})).toMatchObject({ kind: "wait" });
		expect(taken({ content: null }, { stored })).toMatchObject({ kind: "wait" });
		expect(taken({}, { stored: { bytes: 10, sha256: "other" } })).toMatchObject({ kind: "again" });
		expect(taken({}, { stored: { bytes: 9, sha256: "abc" } })).toMatchObject({ kind: "again" });
	});
	it("is copied again if that failed, the node or its host has gone, or the agent doesn't begin", () => {
		expect(taken({ phase: "failed", message: "no room" })).toEqual({
			kind: "again",
			reason: "Copying orders-001 on h1 failed: no room.",
		});
		expect(taken({}, { node: null })).toMatchObject({ kind: "again" });
		expect(taken(null)).toMatchObject({ kind: "wait", began: false });
		expect(taken(null, { idleMs: 60_000 })).toMatchObject({ kind: "again" });
		expect(taken(null, { isDiskFull: true })).toMatchObject({ kind: "again" });
		// The report is about an earlier attempt.
		expect(taken({ id: "s:1" })).toMatchObject({ kind: "wait", began: false });
	});
	it("has begun, and how far it is, as its host says; what holds it up is said", () => {
		expect(taken({ phase: "waiting" })).toMatchObject({ began: false, share: 0 });
		const saving = taken({ phase: "saving", bytes: 50 });
		expect(saving).toMatchObject({ kind: "wait", began: true, reason: null });
		const storing = taken({ phase: "storing", bytes: 5 }, { storeProblem: "The bucket is away." });
		expect(storing).toMatchObject({ began: true, reason: "The bucket is away." });
		if (saving.kind !== "wait" || storing.kind !== "wait") throw new Error("not under way");
		expect(saving.share).toBeLessThan(storing.share);
	});
});

describe("the files of a snapshot", () => {
	const file = (slots: string | null, content: Partial<SnapshotContent> = {}) => ({
		slots,
		content: { ...CONTENT, ...content },
	});
	const thirds = ["0-5460", "5461-10921", "10922-16383"].map((slots) => file(slots));

	it("are loaded as they are by shards with the same slots", () => {
		expect(planFiles(thirds, ["0-5460", "5461-10921", "10922-16383"])).toEqual(
			thirds.map((each) => ({ files: [each], selects: false })),
		);
		expect(planFiles([file(null)], [null])).toMatchObject([{ selects: false }]);
		expect(planFiles([file(null)], ["0-16383"])).toMatchObject([{ selects: false }]);
	});
	it("are joined, or split by slots, for others: each shard reads only what it needs", () => {
		expect(planFiles(thirds, [null])).toEqual([{ files: thirds, selects: false }]);
		expect(planFiles(thirds, ["0-8191", "8192-16383"])).toEqual([
			{ files: thirds.slice(0, 2), selects: true },
			{ files: thirds.slice(1), selects: true },
		]);
		expect(planFiles([file(null)], ["0-8191", "8192-16383"])).toMatchObject([
			{ files: { length: 1 }, selects: true },
			{ files: { length: 1 }, selects: true },
		]);
	});

	const target = {
		engine: "valkey",
		engineVersion: "9",
		clusterMode: "disabled",
		databases: 16,
	} as const;
	it.each([
		[{ rdbVersion: 80 }, {}, null],
		[{ rdbVersion: 80 }, { engineVersion: "8.1" }, "engineVersion"],
		[{ rdbVersion: 11 }, { engine: "redis", engineVersion: "7.0" }, "engineVersion"],
		[{ rdbVersion: 10 }, { engine: "redis", engineVersion: "7.0" }, null],
		[{ rdbVersion: 10 }, {}, null],
		[{}, { engine: "memcached" }, "engine"],
		[{ lastDatabase: 3 }, {}, null],
		[{ lastDatabase: 3 }, { clusterMode: "enabled", databases: 1 }, "clusterMode"],
		[{ lastDatabase: 16 }, {}, "clusterMode"],
		[{ lastDatabase: -1 }, { clusterMode: "enabled", databases: 1 }, null],
	] as const)("with %j into %j: refused for %s", (content, changes, field) => {
		const problem = restoreProblem([file(null, content)], { ...target, ...changes });
		expect(problem?.field ?? null).toBe(field);
	});
});

it.each([
	["03:00-04:00", "2026-01-01T03:00:00Z", "2026-01-01T03:00:00.000Z"],
	["03:00-04:00", "2026-01-01T03:59:59Z", "2026-01-01T03:00:00.000Z"],
	["03:00-04:00", "2026-01-01T04:00:00Z", null],
	["03:00-04:00", "2026-01-01T02:59:59Z", null],
	["23:30-00:30", "2026-01-02T00:10:00Z", "2026-01-01T23:30:00.000Z"],
	["23:30-00:30", "2026-01-01T23:30:00Z", "2026-01-01T23:30:00.000Z"],
	["23:30-00:30", "2026-01-02T00:30:00Z", null],
])("the daily window %s at %s has been open since %s", (window, now, since) => {
	expect(openSince(window, new Date(now))?.toISOString() ?? null).toBe(since);
});
