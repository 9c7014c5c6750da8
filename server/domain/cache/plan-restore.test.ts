import { describe, expect, it } from "vitest";
import type { RestoreReport } from "../../contract/snapshot.ts";
import { planCache } from "./plan-cache.ts";
import { CALM, cache, dead, gateway, NOW, node, running } from "./testing/models.ts";

const RESTORE = { id: "r1", snapshotName: "before", totalKeys: 12, hostId: "h1" };
const ready: RestoreReport = {
	...{ id: "r1", phase: "ready", bytes: 10, totalBytes: 10, keys: 12, message: null },
};

function planned(
	observed: Parameters<typeof node>[1],
	restore: Partial<typeof RESTORE> | { hostId: null } = {},
	replica: Parameters<typeof node>[1] = running("replica"),
) {
	const nodes = [node(1, observed), node(2, replica)];
	const shard = { ...CALM, id: "s1", index: 0, slots: null, primaryNodeId: "n1", nodes };
	const shards = [{ ...shard, restore: { ...RESTORE, ...restore } }];
	const status = { everAvailable: false, status: "creating" as const };
	return planCache(cache(nodes, { shards, ...status }), NOW);
}

describe("a cache that begins with a snapshot", () => {
	const loaded = (keys: number) => ({
		...running("primary", { loadedKeys: keys }),
		restore: ready,
	});

	it("lets the host of its primary fetch the data, whichever that is", () => {
		expect(planned(null, { hostId: null }).actions).toContainEqual({
			...{ kind: "prepare-restore", shardId: "s1" },
		});
		const elsewhere = planned(loaded(12), { hostId: "h2" });
		expect(elsewhere.actions).toContainEqual({ kind: "prepare-restore", shardId: "s1" });
		expect(elsewhere.actions).not.toContainEqual({ kind: "finish-restore" });
	});
	it("is restored once its primary has loaded every key, and only then available", () => {
		const plan = planned(loaded(12));
		expect(plan.actions).toContainEqual({ kind: "finish-restore" });
		expect(plan).toMatchObject({ status: "creating", becameAvailable: false });
		expect(planned({ ...loaded(12), restore: { ...ready, id: "other" } }).actions).toEqual([]);
		expect(planned({ ...loaded(12), phase: "starting" }).actions).toEqual([]);
	});
	it("isn't restored before it can become available: a primary that dies until then loads its data again", () => {
		const behind = planned(loaded(12), {}, running("replica", { linkUp: false, synced: false }));
		expect(behind.actions).toEqual([]);
		expect(behind).toMatchObject({ status: "creating", becameAvailable: false });
		const nodes = [node(1, loaded(12))];
		const shard = { ...CALM, id: "s1", index: 0, slots: null, primaryNodeId: "n1", nodes };
		const problem = { code: "failed", message: "it fails", port: null } as const;
		const gateways = [{ ...gateway, ready: false, problem }];
		const plan = planCache(
			cache(nodes, {
				shards: [{ ...shard, restore: RESTORE }],
				...{ everAvailable: false, status: "creating", gateways },
			}),
			NOW,
		);
		expect(plan).toMatchObject({ actions: [], status: "creating" });
		expect(plan.statusReason).toMatch("The gateway on h1: it fails");
	});
	it("says what is wrong if keys are missing, and never becomes available", () => {
		const plan = planned(loaded(11));
		expect(plan).toMatchObject({ status: "creating", actions: [] });
		expect(plan.statusReason).toMatch("orders-001 has loaded 11 keys, but its part");
		const sum = planned({ ...loaded(5), restore: { ...ready, keys: 5 } });
		expect(sum.statusReason).toMatch("have loaded 5 keys, but snapshot before has 12");
		expect(sum.actions).toEqual([]);
	});
	it("starts a primary that died again: no replica leads with less than the snapshot has", () => {
		const { actions } = planned(dead);
		expect(actions).toEqual([{ kind: "permit-launch", nodeId: "n1" }]);
	});
});
