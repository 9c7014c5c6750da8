import { beforeEach, describe, expect, it } from "vitest";
import { DISCOVERY_POLL_MS } from "../contract/limits.ts";
import { modifyCacheInputSchema } from "../contract/modify-cache.ts";
import { getCacheMetrics } from "../services/caches/get-cache-metrics.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { previewChange } from "../services/caches/preview-change.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

const modify = (change: object) =>
	modifyCache(
		fleet.test.resources,
		fleet.caller,
		modifyCacheInputSchema.parse({ name: "orders", ...change }),
	);

async function routeOf() {
	const { routeTable } = (await fleet.hosts[0]?.state()) ?? {};
	return routeTable?.routes[0];
}

async function parameterOf(name: string) {
	const states = await Promise.all(fleet.hosts.map((each) => each.state()));
	const [first] = states.flatMap(({ assignments }) => assignments);
	return first?.parameters.find((each) => each.name === name)?.value;
}

const preview = (change: object) =>
	previewChange(fleet.test.resources, modifyCacheInputSchema.parse({ name: "orders", ...change }));

it("a preview says what a change would do, changes nothing, and the change then does it", async () => {
	await fleet.create({ replicasPerShard: 1 });
	const up = await preview({ replicasPerShard: 2 });
	expect(up).toMatchObject({ problems: [], restarts: [], failovers: [] });
	expect(up.steps).toEqual([
		expect.stringMatching(/^Add a replica to shard 0001 on h\d \(zone .\)\.$/),
	]);
	expect(up.memoryBytes.after / up.memoryBytes.before).toBe(3 / 2);
	expect(await fleet.orders()).toMatchObject({ status: "available", replicasPerShard: 1 });
	await modify({ replicasPerShard: 2 });
	await fleet.converge();
	const added = (await fleet.members()).find(({ id }) => id === "orders-003");
	expect(up.steps[0]).toContain(`on ${added?.host} (`);
	const down = await preview({ replicasPerShard: 1 });
	expect(down.steps).toEqual([expect.stringContaining("Remove orders-003")]);
	const refused = await preview({ replicasPerShard: 0, multiAz: true });
	expect(refused.problems).toMatchObject([{ field: "replicasPerShard" }]);
});

describe("replicas", () => {
	it("come and go; readers are routed to those in sync, and a new node gets a new name", async () => {
		await fleet.create({});
		const asked = await modify({ replicasPerShard: 2 });
		expect(asked).toMatchObject({ status: "modifying", replicasPerShard: 2, nodeCount: 3 });
		await fleet.settle();
		const adding = await fleet.orders();
		expect(adding.statusReason).toContain("Adding orders-002, orders-003.");
		expect(adding.endpoints.nodes.map(({ node }) => node)).toEqual(["orders-001"]);
		expect((await routeOf())?.servers.map(({ reads }) => reads)).toEqual([true, false, false]);
		// Until replicas are in sync, no write waits for them.
		expect(await parameterOf("min-replicas-to-write")).toBe("0");
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect(await parameterOf("min-replicas-to-write")).toBe("1");
		expect((await routeOf())?.servers.every(({ reads }) => reads)).toBe(true);
		expect((await fleet.orders()).progress.every(({ state }) => state === "done")).toBe(true);
		await modify({ replicasPerShard: 1 });
		await fleet.settle();
		expect((await routeOf())?.servers.map(({ reads }) => reads)).toEqual([true, true, false]);
		expect(await fleet.namesOf()).toEqual(["orders-001", "orders-002", "orders-003"]);
		await fleet.converge();
		expect(await fleet.namesOf()).toEqual(["orders-001", "orders-002"]);
		const { nodes } = await getCacheMetrics(fleet.test.resources, { name: "orders", range: "1h" });
		expect(nodes.find(({ node }) => node === "orders-003")?.leftAt).not.toBeNull();
		await modify({ replicasPerShard: 2 });
		await fleet.converge();
		expect(await fleet.namesOf()).toEqual(["orders-001", "orders-002", "orders-004"]);
		expect((await fleet.orders()).lastFailover).toBeNull();
		const types = await fleet.eventTypes();
		expect(types.filter((type) => type === "cache.modifying")).toHaveLength(3);
		expect(types.filter((type) => type === "cache.modified")).toHaveLength(3);
	});

	it("of a cluster come and go in every shard, and the others forget those that left", async () => {
		await fleet.create({ clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
		await modify({ replicasPerShard: 2 });
		await fleet.converge();
		expect(await fleet.namesOf()).toEqual([
			...["orders-0001-001", "orders-0001-002", "orders-0001-003"],
			...["orders-0002-001", "orders-0002-002", "orders-0002-003"],
		]);
		await modify({ replicasPerShard: 0 });
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", nodeCount: 2 });
		expect(await fleet.members()).toHaveLength(2);
		const [row] = await fleet.test.resources.db.cache.findMany();
		expect(row?.formerNodeIds).toHaveLength(4);
		const nodes = await fleet.test.resources.db.node.findMany();
		expect(nodes.map(({ onExit }) => onExit)).toEqual(["restart", "restart"]);
	});

	it("are added even if the pass that should add them is interrupted", async () => {
		await fleet.create({});
		await modify({ replicasPerShard: 1 });
		const { id } = await fleet.test.resources.db.cache.findFirstOrThrow();
		const killed = reconcileCache(fleet.test.resources, id, () =>
			Promise.reject(new Error("killed")),
		);
		await expect(killed).rejects.toThrow("killed");
		expect(await fleet.members()).toHaveLength(1);
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available" });
		expect(await fleet.members()).toHaveLength(2);
	});

	it("that don't all fit aren't added at all; requesting the old number cancels the change", async () => {
		await fleet.create({ nodeType: "cache.t4g.medium" });
		await modify({ replicasPerShard: 5 });
		await fleet.converge();
		expect(await fleet.members()).toHaveLength(1);
		expect(await fleet.orders()).toMatchObject({
			status: "modifying",
			statusReason: expect.stringMatching(/^No capacity: 5 nodes .* the change then continues/),
			progress: [{ state: "waiting" }, { state: "pending" }, { state: "pending" }],
		});
		await expect(modify({ replicasPerShard: 2 })).rejects.toMatchObject({
			code: "conflict",
			message: expect.stringContaining("from 0 replicas per shard to 5 replicas per shard"),
		});
		await modify({ replicasPerShard: 0 });
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
	});

	it("stay while Multi-AZ or automatic failover needs them", async () => {
		await fleet.create({ replicasPerShard: 1, multiAz: true });
		await expect(modify({ replicasPerShard: 0 })).rejects.toMatchObject({
			code: "invalid_argument",
			field: "replicasPerShard",
			message: expect.stringContaining("multiAz and automaticFailover are on"),
		});
		await expect(modify({ automaticFailover: false })).rejects.toMatchObject({
			field: "automaticFailover",
		});
		expect((await routeOf())?.sentinel).not.toBeNull();
		await modify({ replicasPerShard: 0, multiAz: false, automaticFailover: false });
		await fleet.converge();
		expect((await routeOf())?.sentinel).toBeNull();
		expect(await fleet.members()).toHaveLength(1);
		await modify({ replicasPerShard: 1, multiAz: true, automaticFailover: true });
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ multiAzStatus: "enabled", status: "available" });
	});
});

it("Memcached's clients learn of a new node only once it runs, and of a node's removal a minute before the node stops", async () => {
	await fleet.create({ engine: "memcached", nodes: 1 });
	await modify({ nodes: 3 });
	await fleet.settle();
	expect((await routeOf())?.discovery?.nodes).toHaveLength(1);
	await fleet.converge();
	expect((await routeOf())?.discovery?.nodes).toHaveLength(3);
	await modify({ nodes: 2 });
	await fleet.converge();
	expect((await routeOf())?.discovery?.nodes).toHaveLength(2);
	expect(await fleet.members()).toHaveLength(3);
	expect(await fleet.orders()).toMatchObject({ status: "modifying" });
	await fleet.passSeconds(DISCOVERY_POLL_MS / 1_000);
	await fleet.converge();
	expect(await fleet.members()).toHaveLength(2);
	expect(await fleet.orders()).toMatchObject({ status: "available", nodeCount: 2 });
});
