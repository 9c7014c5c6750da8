import { describe, expect, it } from "vitest";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { describeChanges } from "../describe-changes.ts";
import { slotsInMotion } from "../slot-moves.tsx";
import { differences, shapeChanges, shapeRefusals, toModifyDraft } from "./modification.ts";

const CACHE = {
	name: "orders",
	description: "open orders",
	engine: "valkey",
	engineVersion: "8.1.1",
	nodeType: "cache.t4g.micro",
	clusterMode: "disabled",
	zones: null,
	shards: [],
	replicasPerShard: 1,
	nodeCount: 2,
	multiAz: false,
	automaticFailover: true,
	deletionProtection: false,
	persistence: "none",
	parameterGroup: { name: "default.valkey9", status: "in-sync" },
	tags: { team: "shop", cost: "7" },
} as unknown as Cache;

describe("a modification", () => {
	it("without changes sends nothing", () => {
		expect(differences(CACHE, toModifyDraft(CACHE))).toEqual({ changes: {}, list: [] });
	});

	it("lists only what differs, with the old value and the effect", () => {
		const draft = { ...toModifyDraft(CACHE), deletionProtection: true, description: "" };
		const { changes, list } = differences(CACHE, draft);
		expect(changes).toEqual({ description: "", deletionProtection: true });
		expect(list.map(({ field, from, to }) => [field, from, to])).toEqual([
			["Description", "open orders", "none"],
			["Deletion protection", "off", "on"],
		]);
	});

	it("of persistence takes effect at once, also when nodes change in the window", () => {
		const draft = { ...toModifyDraft(CACHE), persistence: "aof-always" as const };
		const { changes, list } = differences(CACHE, {
			...draft,
			replicasPerShard: 2,
			apply: "window",
		});
		expect(changes).toMatchObject({ persistence: "aof-always", apply: "window" });
		expect(list.find(({ field }) => field === "Persistence")).toEqual({
			...{ field: "Persistence", from: "off", to: "on disk before each answer" },
			effect: "at once; nothing restarts",
		});
	});

	it("of the shape sends numbers and switches, but only those that the engine has", () => {
		const draft = { ...toModifyDraft(CACHE), replicasPerShard: 2, nodes: 9, multiAz: true };
		const { changes, list } = differences(CACHE, draft);
		expect(changes).toEqual({ replicasPerShard: 2, multiAz: true });
		expect(list.map(({ field, to }) => [field, to])).toEqual([
			["Replicas per shard", "2"],
			["Multi-AZ", "on"],
		]);
	});

	it("gives individual shards their own number of replicas, and keeps it when all others change", () => {
		const shards = ["0001", "0002", "0003"].map((id, index) => ({
			id,
			replicas: index === 2 ? 2 : 1,
		}));
		const cache = { ...CACHE, clusterMode: "enabled", shards } as unknown as Cache;
		const asked = (change: object) => {
			const { changes, list } = differences(cache, { ...toModifyDraft(cache), ...change });
			return [changes, list.map(({ field, from, to }) => `${field} ${from} ${to}`)];
		};
		expect(asked({})).toEqual([{}, []]);
		const named = [{ shard: "0003", replicas: 2 }];
		expect(asked({ replicasPerShard: 3 })).toEqual([
			{ replicasPerShard: 3, shardReplicas: named },
			["Replicas per shard 1 3"],
		]);
		expect(asked({ shardReplicas: {} })).toEqual([
			{ shardReplicas: [{ shard: "0003", replicas: 1 }] },
			["Replicas of shard 3 2 1"],
		]);
		expect(asked({ shardReplicas: { "0001": 0, "0003": 2 } })).toEqual([
			{ shardReplicas: [{ shard: "0001", replicas: 0 }] },
			["Replicas of shard 1 1 0"],
		]);
	});

	it("of the engine and the node type asks for both, and says that it can't be undone", () => {
		const draft = { ...toModifyDraft(CACHE), nodeType: "cache.t4g.small", engine: "valkey 9" };
		const { changes, list } = differences(CACHE, draft);
		expect(changes).toEqual({ nodeType: "cache.t4g.small", engine: "valkey", engineVersion: "9" });
		expect(list.find(({ field }) => field === "Engine")?.effect).toContain("can't be undone");
		expect(shapeChanges(changes)).toMatchObject(changes);
	});

	it("to cluster mode asks for it with its shards, as part of what is previewed", () => {
		const { changes, list } = differences(CACHE, {
			...toModifyDraft({ ...CACHE, shardCount: 1 }),
			...{ toCluster: true, shards: 3 },
		});
		expect(changes).toEqual({ clusterMode: "enabled", shards: 3 });
		expect(list[0]?.effect).toContain("can't be undone");
		expect(shapeChanges(changes)).toMatchObject(changes);
	});

	it("is refused at the field by the API's own rules, and only for a requested shape", () => {
		const refused = (change: object) => {
			const { changes } = differences(CACHE, { ...toModifyDraft(CACHE), ...change });
			return shapeRefusals(CACHE, shapeChanges(changes)).map(({ field }) => field);
		};
		expect(refused({ replicasPerShard: 0 })).toEqual(["replicasPerShard"]);
		expect(refused({ replicasPerShard: 0, automaticFailover: false })).toEqual([]);
		expect(refused({ description: "" })).toEqual([]);
	});

	it("of tags sends all of them, because they replace the old ones, and ignores their order", () => {
		const draft = toModifyDraft(CACHE);
		expect(differences(CACHE, { ...draft, tags: [...draft.tags].reverse() }).list).toEqual([]);
		const more = [...draft.tags, { id: "x", key: "env", value: "prod" }];
		expect(differences(CACHE, { ...draft, tags: more }).changes).toEqual({
			tags: { team: "shop", cost: "7", env: "prod" },
		});
	});
});

it("changes to nodes can wait for the maintenance window; other changes don't", () => {
	const cache = { ...CACHE, maintenanceWindow: "sun:05:00-sun:06:00" };
	const draft = { ...toModifyDraft(cache), apply: "window" as const };
	expect(differences(cache, { ...draft, description: "new" }).changes).toEqual({
		description: "new",
	});
	const { changes } = differences(cache, { ...draft, nodeType: "cache.t4g.small" });
	expect(changes).toEqual({ nodeType: "cache.t4g.small", apply: "window" });
	expect(shapeChanges(changes)).toMatchObject({ apply: "window" });
	const moved = differences(cache, { ...draft, maintenanceWindow: "mon:01:00-mon:02:00" });
	expect(moved.changes).toEqual({ maintenanceWindow: "mon:01:00-mon:02:00" });
});

it("pending changes are described in words, without confirmations", () => {
	const shown = describeChanges({
		...{ nodeType: "cache.t4g.small", multiAz: true, acceptIrreversible: true },
		shardReplicas: [{ shard: "0002", replicas: 3 }],
		moves: [{ node: "orders-002", zone: "b" }],
	});
	expect(shown).toEqual([
		{ field: "Node type", value: "cache.t4g.small" },
		{ field: "Multi-AZ", value: "on" },
		{ field: "Replicas by shard", value: "0002: 3" },
		{ field: "Moves", value: "orders-002 to zone b" },
	]);
});

it("a shard's slots during a change are those that it keeps, gives up and gains", () => {
	const move = { slots: { moved: 0, total: 0 }, keys: null, bytes: null };
	const moves = [{ ...move, from: "0001", to: "0002", ranges: "50-99" }];
	expect(slotsInMotion({ id: "0001", slots: "0-69" }, moves)).toEqual({
		...{ kept: "0-49", going: "50-69", coming: "" },
	});
	expect(slotsInMotion({ id: "0002", slots: "70-99" }, moves)).toEqual({
		...{ kept: "70-99", going: "", coming: "50-69" },
	});
});
