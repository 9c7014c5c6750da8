import { beforeEach, describe, expect, it } from "vitest";
import { failoverCacheInputSchema } from "../../contract/cache.ts";
import { createCacheInputSchema } from "../../contract/create-cache.ts";
import { exampleFailover } from "../../contract/testing/examples.ts";
import { reconcileCache } from "../../reconciler/reconcile-cache.ts";
import { asRunning, enrollTestHosts, type TestHost } from "../../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import type { Caller } from "../context.ts";
import { createCache } from "./create-cache.ts";
import { deleteCache } from "./delete-cache.ts";
import { failoverCache } from "./failover-cache.ts";
import { getCache } from "./get-cache.ts";

let test: TestResources;
let hosts: TestHost[];

beforeEach(async () => {
	test = await openTestResources();
	hosts = await enrollTestHosts(test, "a", "b", "c");
});

async function settle() {
	for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
		let again = true;
		while (again) ({ again } = await reconcileCache(test.resources, id, (work) => work()));
	}
}

/** Placed and, by default, running with replicas in sync. */
async function create(shape: object, isRunning = true) {
	const input = createCacheInputSchema.parse({ name: "orders", ...shape });
	await createCache(test.resources, testCaller(), input);
	await settle();
	if (!isRunning) return;
	for (const host of hosts) await host.converge();
	await settle();
}

const failOver = (choice: object = {}, caller: Caller = testCaller()) =>
	failoverCache(
		test.resources,
		caller,
		failoverCacheInputSchema.parse({ name: "orders", ...choice }),
	);

const shardRows = () =>
	test.resources.db.shard.findMany({ orderBy: { index: "asc" }, include: { nodes: true } });

/** Names of the only shard's primary and of its replicas. */
async function roles() {
	const [shard] = await shardRows();
	const nodes = [...(shard?.nodes ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
	const isPrimary = (node: (typeof nodes)[number]) => node.id === shard?.primaryNodeId;
	return {
		primary: nodes.find(isPrimary)?.name ?? "",
		replicas: nodes.filter((node) => !isPrimary(node)).map((node) => node.name),
	};
}

/** Every host reports, with the link of one replica down. */
async function cutLink(name: string) {
	for (const host of hosts) {
		const state = await host.state();
		const observations = state.assignments.map((assignment) => {
			const seen = asRunning(assignment, 5_000);
			return assignment.nodeName === name && seen.engineState !== null
				? { ...seen, engineState: { ...seen.engineState, linkUp: false } }
				: seen;
		});
		await host.report({ revision: state.revision, observations });
	}
}

describe("a planned failover", () => {
	it("is recorded with its event and audit row, and wakes the cache", async () => {
		await create({ replicasPerShard: 1 });
		const woken = test.woken.length;
		await failOver();
		const [shard] = await shardRows();
		expect(shard?.failoverRequestedAt).toEqual(test.time.now);
		expect(shard?.failoverToNodeId).toBeNull();
		const events = await test.resources.db.event.findMany({
			where: { type: "cache.failover-requested" },
		});
		expect(events.map((event) => event.message)).toEqual([
			"Failover of orders to the best replica in sync requested by Ada.",
		]);
		const audit = await test.resources.db.auditEntry.findMany({
			where: { action: "cache.failover" },
		});
		expect(audit).toMatchObject([{ target: "orders", actor: "user:ada" }]);
		expect(test.woken.slice(woken)).toEqual([shard?.cacheId]);
	});

	it("goes to the replica that is named", async () => {
		await create({ replicasPerShard: 2 });
		const { replicas } = await roles();
		await failOver({ node: replicas[1] });
		const [shard] = await shardRows();
		const wanted = shard?.nodes.find((node) => node.name === replicas[1]);
		expect(shard?.failoverToNodeId).toBe(wanted?.id);
	});

	it("is for the shard that is named, and another shard may have one at the same time", async () => {
		await create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		await failOver({ shard: "0002" });
		await failOver({ shard: "0003" });
		const asked = (await shardRows()).map((shard) => shard.failoverRequestedAt !== null);
		expect(asked).toEqual([false, true, true]);
	});

	it("is requested once when a request is repeated with its idempotency key", async () => {
		await create({ replicasPerShard: 1 });
		const keyed = testCaller({ idempotencyKey: "k" });
		expect(await failOver({}, keyed)).toEqual(await failOver({}, keyed));
	});
});

describe("a planned failover is refused, with the field and the remedy,", () => {
	it("for Memcached", async () => {
		await create({ engine: "memcached", nodes: 2 });
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			field: "name",
			message: expect.stringContaining("Use Valkey or Redis OSS with replicas"),
		});
	});

	it("without a replica", async () => {
		await create({});
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			field: "name",
			message: expect.stringContaining("Set replicasPerShard to 1 or more"),
		});
	});

	it("before the cache is available, and while it is being deleted", async () => {
		await create({ replicasPerShard: 1 }, false);
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			message: expect.stringContaining("once it is available"),
		});
		await deleteCache(test.resources, testCaller(), { name: "orders" });
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			message: "Cache orders is being deleted.",
		});
	});

	it("for a cache that doesn't exist", async () => {
		await expect(failOver()).rejects.toMatchObject({ code: "not_found", field: "name" });
	});

	it("without a shard if there are several, and for one that doesn't exist", async () => {
		await create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		await expect(failOver()).rejects.toMatchObject({
			code: "invalid_argument",
			field: "shard",
			message: expect.stringContaining("0001, 0002, 0003"),
		});
		await expect(failOver({ shard: "0004" })).rejects.toMatchObject({
			code: "invalid_argument",
			field: "shard",
			message: "Cache orders has no shard 0004; its shards are 0001, 0002, 0003",
		});
	});

	it("for a node that doesn't exist, or belongs to another shard", async () => {
		await create({ clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
		await expect(failOver({ shard: "0001", node: "orders-009" })).rejects.toMatchObject({
			code: "invalid_argument",
			field: "node",
			message: expect.stringContaining("orders-0001-001, orders-0001-002"),
		});
		await expect(failOver({ shard: "0001", node: "orders-0002-001" })).rejects.toMatchObject({
			code: "invalid_argument",
			field: "node",
			message: expect.stringContaining("belongs to shard 0002"),
		});
	});

	it("for the primary itself", async () => {
		await create({ replicasPerShard: 1 });
		const { primary, replicas } = await roles();
		await expect(failOver({ node: primary })).rejects.toMatchObject({
			code: "conflict",
			field: "node",
			message: `${primary} is already the primary. Name a replica, such as ${replicas[0]}, or leave node out.`,
		});
	});

	it("for a replica that isn't in sync, naming those that are", async () => {
		await create({ replicasPerShard: 2 });
		const { replicas } = await roles();
		await cutLink(replicas[0] ?? "");
		await expect(failOver({ node: replicas[0] })).rejects.toMatchObject({
			code: "conflict",
			field: "node",
			message: expect.stringContaining(`name one that is: ${replicas[1]}.`),
		});
	});

	it("when no replica is in sync", async () => {
		await create({ replicasPerShard: 1 });
		const { replicas } = await roles();
		await cutLink(replicas[0] ?? "");
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			field: "shard",
			message: expect.stringContaining("No replica of orders is in sync"),
		});
	});

	it("while one of the same shard is in progress, even when two are sent at the same time", async () => {
		await create({ replicasPerShard: 1 });
		const both = await Promise.allSettled([failOver(), failOver()]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		await expect(failOver()).rejects.toMatchObject({
			code: "conflict",
			field: "shard",
			message: expect.stringContaining("already in progress"),
		});
	});
});

describe("a cache as the API shows it", () => {
	const view = () => getCache(test.resources, { name: "orders" });

	it("has its last failover, and Multi-AZ as it really is", async () => {
		await create({ replicasPerShard: 1, multiAz: true });
		expect(await view()).toMatchObject({ lastFailover: null, multiAzStatus: "enabled" });
		const lastFailover = exampleFailover();
		await test.resources.db.cache.updateMany({ data: { lastFailover } });
		expect((await view()).lastFailover).toEqual(lastFailover);
	});

	it("doesn't show nodes that are being removed, unless the cache is being deleted", async () => {
		await create({ replicasPerShard: 2 });
		const { replicas } = await roles();
		const leaving = { where: { name: replicas[0] ?? "" }, data: { removedAtRevision: 9 } };
		await test.resources.db.node.updateMany(leaving);
		const shown = (await view()).shards.flatMap((shard) => shard.nodes.map((node) => node.id));
		expect(shown).toHaveLength(2);
		expect(shown).not.toContain(replicas[0]);
		await deleteCache(test.resources, testCaller(), { name: "orders" });
		expect((await view()).shards[0]?.nodes).toHaveLength(3);
	});
});
