import { beforeEach, describe, expect, it } from "vitest";
import { expireRecords } from "../data/expire-records.ts";
import { storeSamples } from "../data/metrics-store.ts";
import { getCacheMetrics } from "../services/caches/get-cache-metrics.ts";
import { getOverview } from "../services/get-overview.ts";
import { drainHost, uncordonHost } from "../services/hosts/change-host.ts";
import { previewDrain } from "../services/hosts/preview-drain.ts";
import { TestFleet } from "../testing/test-fleet.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

describe("a drain", () => {
	it("moves a primary by a planned failover, under the same name throughout", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const before = await fleet.leader();
		const names = await fleet.namesOf();
		const moves = new Set<string>();
		fleet.afterPass = async () => {
			expect(await fleet.namesOf()).toEqual(names);
			for (const { id, host: at, move } of await fleet.members()) {
				if (move !== null) moves.add(`${id} ${at === move.from ? "before" : "after"}`);
			}
		};
		const old = await fleet.test.resources.db.node.findFirstOrThrow({
			where: { host: { name: before?.host ?? "" } },
		});
		await storeSamples(fleet.test.resources.db, [
			{
				...{
					nodeId: old.id,
					at: fleet.test.resources.clock.now(),
					memoryUsedBytes: 1,
					memoryMaxBytes: 2,
				},
				...{ clients: 1, opsPerSecond: 400, hitsPerSecond: 1, missesPerSecond: 1, keys: 1 },
				...{ evictionsPerSecond: 0, cpuPercent: 1, replicationLagBytes: null },
			},
		]);
		await drainHost(fleet.test.resources, fleet.caller, { name: before?.host ?? "" });
		await fleet.converge();
		expect(await fleet.host(before?.host ?? "")).toMatchObject({ nodeCount: 0, draining: true });
		expect(await fleet.orders()).toMatchObject({
			status: "available",
			lastFailover: { kind: "planned", from: before?.id, to: before?.id, fromHost: before?.host },
		});
		expect([...moves].sort()).toEqual([`${before?.id} after`, `${before?.id} before`]);
		const failovers = await fleet.test.resources.db.event.findMany({
			where: { type: "cache.failover" },
		});
		expect(failovers.map(({ message }) => message)).toEqual([
			expect.stringMatching(/^(orders-00\d) on h\d took over from \1 on h\d: \1 is leaving h\d/),
		]);
		const nodes = await fleet.members();
		expect(new Set(nodes.map((node) => node.host)).size).toBe(2);
		expect(nodes.map((node) => node.host)).not.toContain(before?.host);
		// The old node's samples still count.
		const { nodes: series } = await getCacheMetrics(fleet.test.resources, {
			name: "orders",
			range: "1h",
		});
		const departed = series.filter(({ leftAt }) => leftAt !== null);
		expect(departed.map(({ node, shard }) => [node, shard])).toEqual([[before?.id, "0001"]]);
		expect(departed[0]?.at).toHaveLength(1);
		expect(await fleet.eventTypes()).toEqual(expect.arrayContaining(["node.moving", "node.moved"]));
		const inAMonth = new Date(fleet.test.resources.clock.now().getTime() + 32 * 86_400_000);
		await expireRecords(fleet.test.resources.db, inAMonth);
		expect(await fleet.test.resources.db.departedNode.count()).toBe(0);
	});

	it("moves a primary without a replica, and nothing is restarted empty", async () => {
		await fleet.create({});
		const before = await fleet.leader();
		await drainHost(fleet.test.resources, fleet.caller, { name: before?.host ?? "" });
		await fleet.converge();
		const after = await fleet.leader();
		expect(after?.id).toBe(before?.id);
		expect(after?.host).not.toBe(before?.host);
		const [row] = await fleet.test.resources.db.node.findMany();
		expect(row).toMatchObject({ onExit: "restart", followsNodeId: null, replacesNodeId: null });
		expect(await fleet.eventTypes()).not.toContain("node.started-empty");
	});

	it("moves the members of a cluster, whose nodes learn which members have left", async () => {
		await fleet.create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		const names = await fleet.namesOf();
		const count = (await fleet.host("h1")).nodeCount;
		expect(count).toBeGreaterThan(0);
		await drainHost(fleet.test.resources, fleet.caller, { name: "h1" });
		await fleet.converge();
		expect(await fleet.host("h1")).toMatchObject({ nodeCount: 0 });
		expect(await fleet.orders()).toMatchObject({ status: "available" });
		expect(await fleet.namesOf()).toEqual(names);
		for (const shard of (await fleet.orders()).shards) {
			expect(new Set(shard.nodes.map((node) => node.host)).size).toBe(2);
		}
		const state = await fleet.hosts[1]?.state();
		expect(state?.assignments[0]?.cluster?.former).toHaveLength(count);
		const released = await fleet.test.resources.db.releasedPort.count();
		expect(released).toBeGreaterThanOrEqual(count);
	});

	it("moves Memcached's nodes, adding each new one before the old one goes", async () => {
		await fleet.create({ engine: "memcached", nodes: 2 });
		const [first] = await fleet.members();
		const names = await fleet.namesOf();
		const discovery = async () => {
			const route = (await fleet.hosts[0]?.state())?.routeTable?.routes[0];
			const { version = -1, nodes = [] } = route?.discovery ?? {};
			return { version, nodes: JSON.stringify(nodes), count: nodes.length };
		};
		const lists = [await discovery()];
		fleet.afterPass = async () => void lists.push(await discovery());
		await drainHost(fleet.test.resources, fleet.caller, { name: first?.host ?? "" });
		await fleet.settle();
		expect(await fleet.test.resources.db.node.count()).toBe(3);
		expect(await fleet.members()).toMatchObject([
			{ id: first?.id, move: { from: first?.host } },
			{},
		]);
		await fleet.settle();
		expect((await fleet.orders()).status).toBe("modifying");
		await fleet.converge();
		expect(await fleet.eventTypes()).not.toContain("cache.degraded");
		expect(await fleet.host(first?.host ?? "")).toMatchObject({ nodeCount: 0 });
		expect(await fleet.namesOf()).toEqual(names);
		const routes = (await fleet.hosts[0]?.state())?.routeTable?.routes ?? [];
		expect(routes[0]?.discovery?.nodes).toHaveLength(2);
		expect(lists.map(({ count }) => count)).toEqual(lists.map(() => 2));
		// Clients look at a list again only if its version is higher.
		for (const [index, list] of lists.entries()) {
			const before = lists[index - 1] ?? list;
			if (list.nodes !== before.nodes) expect(list.version).toBeGreaterThan(before.version);
		}
		expect(new Set(lists.map(({ nodes }) => nodes)).size).toBe(2);
	});

	it("says what is missing if no other host has room, and continues once one has", async () => {
		await fleet.create({ replicasPerShard: 2 });
		const [node] = (await fleet.members()).filter(({ host: at }) => at === "h3");
		const forecast = async () => (await previewDrain(fleet.test.resources, { name: "h3" })).nodes;
		expect(await forecast()).toEqual([
			{
				...{ cache: "orders", node: node?.id, role: node?.role, losesData: false, to: null },
				reason: expect.stringContaining("already has a node of the same shard"),
				remedy: expect.stringMatching(/^Add a host with .* free, or uncordon one\.$/),
			},
		]);
		await drainHost(fleet.test.resources, fleet.caller, { name: "h3" });
		await fleet.settle();
		const { statusReason, stuckNodes } = await fleet.host("h3");
		expect(statusReason).toMatch(/can't leave h3.*Add a host with/);
		expect(stuckNodes).toEqual([{ node: node?.id, reason: expect.any(String) }]);
		expect(statusReason).toBe(`${node?.id} can't leave h3. ${stuckNodes[0]?.reason}`);
		expect((await getOverview(fleet.test.resources)).drainingHosts).toEqual(["h3"]);
		const waiting = (await fleet.eventTypes()).filter((type) => type === "node.move-waiting");
		expect(waiting).toHaveLength(1);
		await fleet.join("d");
		expect(await forecast()).toMatchObject([{ node: node?.id, to: "h4", reason: null }]);
		await fleet.converge();
		expect(await fleet.host("h3")).toMatchObject({
			nodeCount: 0,
			statusReason: expect.any(String),
		});
		expect(await fleet.host("h3")).toMatchObject({ stuckNodes: [] });
		expect((await getOverview(fleet.test.resources)).drainingHosts).toEqual([]);
		expect((await fleet.members()).map((node) => node.host).sort()).toEqual(["h1", "h2", "h4"]);
	});

	it("when canceled leaves everything as it was, without a failover", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const before = await fleet.members();
		const primary = await fleet.leader();
		await drainHost(fleet.test.resources, fleet.caller, { name: primary?.host ?? "" });
		await fleet.settle();
		expect(await fleet.test.resources.db.node.count()).toBe(3);
		await uncordonHost(fleet.test.resources, fleet.caller, { name: primary?.host ?? "" });
		await fleet.converge();
		const placed = (nodes: typeof before) => nodes.map(({ id, host: on }) => `${id} ${on}`).sort();
		expect(placed(await fleet.members())).toEqual(placed(before));
		expect((await fleet.orders()).lastFailover).toBeNull();
		expect(await fleet.test.resources.db.node.count()).toBe(2);
	});
});

describe("a cluster whose nodes and primaries have gathered on two of three hosts", () => {
	const count = async (...roles: string[]) => {
		const nodes = await fleet.members();
		return ["h1", "h2", "h3"].map(
			(name) =>
				nodes.filter(
					({ host: on, role }) => on === name && (roles.length === 0 || roles.includes(role ?? "")),
				).length,
		);
	};

	/** Lets quiet minutes pass; after each, the hosts carry out what follows. */
	async function quietMinutes(minutes: number) {
		for (let minute = 0; minute < minutes; minute++) {
			await fleet.settle();
			await fleet.passSeconds(61);
			await fleet.converge();
		}
	}

	it("is spread again once the lost host is back, and after a drain, but not at once", async () => {
		await fleet.create({ clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
		expect(await count()).toEqual([2, 2, 2]);
		const [lost] = fleet.hosts.slice(2);
		await fleet.silence(["h3"], 75);
		await fleet.converge();
		expect(await count()).toEqual([3, 3, 0]);
		if (lost !== undefined) fleet.hosts.push(lost);
		await fleet.passSeconds(30);
		await fleet.converge();
		expect(await count()).toEqual([3, 3, 0]);
		await quietMinutes(4);
		expect(await count()).toEqual([2, 2, 2]);
		expect(await count("primary")).toEqual([1, 1, 1]);
		await drainHost(fleet.test.resources, fleet.caller, { name: "h1" });
		await fleet.converge();
		expect(await count()).toEqual([0, 3, 3]);
		await uncordonHost(fleet.test.resources, fleet.caller, { name: "h1" });
		await fleet.converge();
		expect(await count()).toEqual([0, 3, 3]);
		await quietMinutes(4);
		expect(await count()).toEqual([2, 2, 2]);
		expect(await count("primary")).toEqual([1, 1, 1]);
		expect(await fleet.orders()).toMatchObject({ status: "available" });
	});
});
