import { beforeEach, describe, expect, it } from "vitest";
import { MIB } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import { modifyCacheInputSchema } from "../contract/modify-cache.ts";
import { cancelOperation } from "../services/caches/cancel-operation.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { previewChange } from "../services/caches/preview-change.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

const inputOf = (change: object) => modifyCacheInputSchema.parse({ name: "orders", ...change });
const modify = (change: object) => modifyCache(fleet.test.resources, fleet.caller, inputOf(change));
const preview = (change: object) => previewChange(fleet.test.resources, inputOf(change));
const nodes = () =>
	fleet.test.resources.db.node.findMany({
		where: { removedAtRevision: null },
		orderBy: [{ name: "asc" }, { port: "asc" }],
	});

/** Makes every node hold that much data, according to its newest sample. */
async function hold(memoryUsedBytes: number): Promise<void> {
	const { resources } = fleet.test;
	const sample = { memoryUsedBytes, memoryMaxBytes: 0, clients: 0 } as NodeMetrics;
	for (const { id, cacheId } of await nodes()) {
		resources.fleet.setMetrics(id, resources.clock.now(), sample);
		expect(cacheId).not.toBe("");
	}
}

/** No host has more memory assigned than it has, whatever changes are in progress. */
async function expectRoomKept(): Promise<void> {
	const hosts = await fleet.test.resources.db.host.findMany({ include: { nodes: true } });
	for (const host of hosts) {
		const assigned = host.nodes.reduce((sum, node) => sum + Number(node.memoryBytes), 0);
		expect(assigned).toBeLessThanOrEqual(Number(host.memoryBytes));
	}
}

describe("a node type", () => {
	it("changes in place, both ways, and memory stays reserved until the engines have given it up", async () => {
		await fleet.create({ replicasPerShard: 1, nodeType: "cache.t4g.micro" });
		const before = await nodes();
		const up = await preview({ nodeType: "cache.t4g.small" });
		expect(up).toMatchObject({ problems: [], restarts: [], failovers: [], irreversible: false });
		expect(up.steps).toEqual([
			expect.stringMatching(/^Resize orders-002 on h\d to cache.t4g.small \(1.37 GiB, 2 vCPUs\)/),
			expect.stringContaining("Resize orders-001"),
		]);
		expect(up.hourlyCost?.after).toBeGreaterThan(up.hourlyCost?.before ?? Number.NaN);
		fleet.afterPass = expectRoomKept;
		expect(await modify({ nodeType: "cache.t4g.small" })).toMatchObject({ status: "modifying" });
		await expect(modify({ nodeType: "cache.t4g.medium" })).rejects.toMatchObject({
			code: "conflict",
			message: expect.stringContaining("from cache.t4g.micro to cache.t4g.small"),
		});
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			status: "available",
			nodeType: "cache.t4g.small",
		});
		const grown = await nodes();
		expect(grown.map(({ id, reboot }) => [id, reboot])).toEqual(
			before.map(({ id, reboot }) => [id, reboot]),
		);
		expect(grown.every(({ nodeType }) => nodeType === "cache.t4g.small")).toBe(true);
		await hold(600 * MIB);
		const tooSmall = { code: "conflict", field: "nodeType" };
		await expect(modify({ nodeType: "cache.t4g.micro" })).rejects.toMatchObject({
			...tooSmall,
			message: expect.stringMatching(/holds 0.59 GiB, but cache.t4g.micro has only 0.38 GiB/),
		});
		expect((await preview({ nodeType: "cache.t4g.micro" })).problems).toHaveLength(2);
		await hold(100 * MIB);
		await modify({ nodeType: "cache.t4g.micro" });
		await fleet.settle();
		// The engines haven't confirmed yet that they hold less.
		const shrinking = await nodes();
		expect(shrinking.map(({ memoryBytes }) => memoryBytes)).toEqual(
			grown.map(({ memoryBytes }) => memoryBytes),
		);
		expect(shrinking[0]?.maxmemoryBytes).toBe(before[0]?.maxmemoryBytes);
		await fleet.converge();
		expect((await nodes()).map(({ memoryBytes }) => memoryBytes)).toEqual(
			before.map(({ memoryBytes }) => memoryBytes),
		);
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect((await fleet.orders()).progress.every(({ state }) => state === "done")).toBe(true);
	});

	it("is forecast with the room that earlier steps leave, and a node that finds none says so in the status", async () => {
		await fleet.create({ clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
		await fleet.test.resources.db.host.updateMany({ data: { memoryBytes: 2n * 1024n ** 3n } });
		const change = { nodeType: "cache.t4g.small" };
		// Each of the four would fit. One of the three hosts has two, and room for one.
		expect((await preview(change)).problems).toMatchObject([
			{ field: "nodeType", message: expect.stringContaining("No capacity") },
		]);
		await modify(change);
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			status: "modifying",
			statusReason: expect.stringMatching(/^Changing the node type .+ waits\. No capacity: /),
		});
	});

	it("that a host has no room for is reached through a successor on another, and the primary hands over", async () => {
		await fleet.create({ nodeType: "cache.t4g.medium" });
		const [lone] = await nodes();
		// No host has the memory for an r7g.large.
		const change = { nodeType: "cache.r7g.large" };
		expect((await preview(change)).problems).toMatchObject([{ field: "nodeType" }]);
		await fleet.test.resources.db.host.updateMany({
			where: { id: { not: lone?.hostId ?? "" } },
			data: { memoryBytes: 16n * 1024n ** 3n },
		});
		fleet.afterPass = expectRoomKept;
		expect(await preview(change)).toMatchObject({ failovers: ["0001"], problems: [] });
		await modify(change);
		await fleet.converge();
		const [moved, ...others] = await nodes();
		expect(others).toEqual([]);
		expect(moved).toMatchObject({ nodeType: "cache.r7g.large", name: "orders-001" });
		expect(moved?.hostId).not.toBe(lone?.hostId);
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect((await fleet.orders()).lastFailover?.kind).toBe("planned");
	});
});

describe("an engine", () => {
	it("changes on replicas first, without a reboot, and can't change back", async () => {
		await fleet.create({ replicasPerShard: 2, engineVersion: "8" });
		const seen: string[] = [];
		fleet.afterPass = async () => {
			await expectRoomKept();
			const rows = await nodes();
			const shard = await fleet.test.resources.db.shard.findFirstOrThrow();
			const leader = rows.find(({ id }) => id === shard.primaryNodeId);
			const others = rows.filter((row) => row.id !== leader?.id && row.replacesNodeId === null);
			// Only the former primary, on its way out, may follow a primary with a later version.
			if (leader?.engineVersion === "9") {
				expect(others.filter((row) => row.engineVersion === "8").length).toBeLessThanOrEqual(1);
			}
			seen.push(rows.map((row) => `${row.name}:${row.engineVersion}`).join(" "));
		};
		const up = await preview({ engineVersion: "9" });
		expect(up).toMatchObject({
			irreversible: true,
			failovers: ["0001"],
			restarts: [],
			problems: [],
		});
		expect(up.steps).toEqual([
			expect.stringContaining("Replace orders-002"),
			expect.stringContaining("Replace orders-003"),
			expect.stringContaining("then orders-001 hands over"),
		]);
		await expect(modify({ engineVersion: "9" })).rejects.toMatchObject({
			field: "acceptIrreversible",
		});
		await modify({ engineVersion: "9", acceptIrreversible: true });
		await fleet.settle();
		expect((await fleet.orders()).statusReason).toContain("Changing the engine to Valkey 9.");
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			status: "available",
			engineVersion: "9.1.2",
			parameterGroup: { name: "default.valkey9" },
		});
		expect(seen.some((line) => line.includes("orders-001:8") && line.includes("-003:9"))).toBe(
			true,
		);
		await expect(modify({ engineVersion: "8" })).rejects.toMatchObject({
			field: "engineVersion",
			message: expect.stringContaining("can't go back"),
		});
		// The processes already run that version.
		await modify({ engineVersion: "9.1" });
		await fleet.converge();
		expect((await fleet.orders()).lastFailover?.kind).toBe("planned");
		expect((await nodes()).every(({ reboot }) => reboot === 0)).toBe(true);
	});

	it("stays as it is while modules and users that people added would be left behind", async () => {
		await fleet.create({ replicasPerShard: 1, engineVersion: "8" });
		const { resources } = fleet.test;
		const add = async (modules: string[], users: string[]) => {
			for (const { id, observation } of await nodes()) {
				const seen = resources.fleet.observation(id, observation);
				if (seen?.engineState == null) throw new Error("no observation");
				const engineState = { ...seen.engineState, additions: { modules, users } };
				resources.fleet.setObservation(id, { ...seen, engineState });
			}
		};
		await add(["bloom"], ["bob"]);
		const change = { engineVersion: "9", acceptIrreversible: true };
		const { problems } = await preview(change);
		expect(problems).toEqual([
			{
				field: "engineVersion",
				message: expect.stringMatching(
					/module bloom is loaded on 2 nodes \(orders-001, orders-002\).+MODULE UNLOAD bloom/,
				),
			},
			{ field: "engineVersion", message: expect.stringMatching(/user bob .+ACL DELUSER bob/) },
		]);
		await expect(modify(change)).rejects.toMatchObject({
			code: "conflict",
			field: "engineVersion",
		});
		expect((await preview({ nodeType: "cache.t4g.small" })).problems).toEqual([]);
		await add([], []);
		expect((await preview(change)).problems).toEqual([]);
	});

	it("changes from Redis OSS to Valkey, with its default parameter group, and the change can be undone at first", async () => {
		await fleet.create({ replicasPerShard: 1, engine: "redis", engineVersion: "7" });
		await modify({ engine: "valkey", acceptIrreversible: true });
		await fleet.settle();
		expect((await nodes()).map(({ engine }) => engine).sort()).toEqual([
			"redis",
			"redis",
			"valkey",
		]);
		await modify({ engine: "redis", engineVersion: "7" });
		await fleet.converge();
		expect((await nodes()).map(({ engine }) => engine)).toEqual(["redis", "redis"]);
		await modify({ engine: "valkey", acceptIrreversible: true });
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ engine: "valkey", status: "available" });
		const rows = await nodes();
		expect(rows.map(({ parameterGroup }) => parameterGroup)).toEqual(
			rows.map(() => "default.valkey9"),
		);
	});

	it("changes by restarts where no host has room for a successor", async () => {
		await fleet.create({ replicasPerShard: 1, engineVersion: "8", nodeType: "cache.t4g.medium" });
		const before = await nodes();
		const change = { engineVersion: "9", acceptIrreversible: true };
		expect(await preview(change)).toMatchObject({ problems: [] });
		await fleet.test.resources.db.host.updateMany({ data: { cordoned: true } });
		const tight = await preview(change);
		expect(tight.restarts).toEqual(["orders-002", "orders-001"]);
		expect(tight.steps[1]).toMatch(
			/^Fail over from orders-001 to a replica, then restart orders-001/,
		);
		await modify(change);
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({ status: "available", engineVersion: "9.1.2" });
		const after = await nodes();
		expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
		expect((await fleet.orders()).lastFailover?.kind).toBe("planned");
	});

	it("needs a parameter group of its family if values would be lost, and an interrupted pass is repeated", async () => {
		await fleet.create({ engineVersion: "8" });
		await fleet.test.resources.db.parameterGroup.create({
			data: {
				...{ id: "g", name: "mine", family: "valkey8", description: "" },
				parameters: { "maxmemory-policy": "allkeys-lru" },
			},
		});
		await modify({ parameterGroup: "mine" });
		const change = { engineVersion: "9", acceptIrreversible: true };
		await expect(modify(change)).rejects.toMatchObject({
			field: "parameterGroup",
			message: expect.stringContaining("default.valkey9"),
		});
		await modify({ ...change, parameterGroup: "default.valkey9" });
		const { id } = await fleet.test.resources.db.cache.findFirstOrThrow();
		const killed = reconcileCache(fleet.test.resources, id, () =>
			Promise.reject(new Error("killed")),
		);
		await expect(killed).rejects.toThrow("killed");
		await fleet.converge();
		expect(await nodes()).toMatchObject([
			{ engineVersion: "9", parameterGroup: "default.valkey9" },
		]);
	});
});

describe("a node moved by hand", () => {
	it("goes where it was sent, hands over if it leads, and stays", async () => {
		await fleet.create({ replicasPerShard: 1 });
		await fleet.join("a");
		await fleet.passSeconds(1);
		const leader = await fleet.leader();
		const free = fleet.hosts.length;
		const to = `h${free}`;
		const shown = await preview({ moves: [{ node: "orders-001", host: to }] });
		expect(shown).toMatchObject({ failovers: ["0001"], problems: [] });
		expect(shown.steps[0]).toContain(`Move orders-001 from ${leader?.host} to ${to} (zone a)`);
		const step = { step: `Move orders-001 to ${to}`, node: null };
		expect(await modify({ moves: [{ node: "orders-001", host: to }] })).toMatchObject({
			operation: { state: "running", percent: 0, cancellable: true, steps: [{ step: step.step }] },
		});
		for (const second of [
			...[{ replicasPerShard: 2 }, { nodeType: "cache.t4g.small" }],
			{ moves: [{ node: "orders-002", zone: "c" }] },
		]) {
			await expect(modify(second)).rejects.toMatchObject({
				code: "conflict",
				message: expect.stringContaining("orders-001 is moving to another host"),
			});
		}
		await fleet.converge();
		expect(await fleet.orders()).toMatchObject({
			operation: null,
			progress: [{ ...step, state: "done" }],
		});
		expect((await fleet.members()).find(({ id }) => id === "orders-001")).toMatchObject({
			host: to,
			role: "primary",
		});
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		await fleet.passSeconds(90);
		await fleet.converge();
		expect((await fleet.members()).find(({ id }) => id === "orders-001")?.host).toBe(to);
		await expect(modify({ moves: [{ node: "orders-001", zone: "a" }] })).rejects.toMatchObject({
			field: "moves.0.zone",
		});
		await expect(modify({ moves: [{ node: "orders-009", zone: "a" }] })).rejects.toMatchObject({
			field: "moves.0.node",
		});
		// A move is taken back like any other change, or by naming where the node is.
		await modify({ moves: [{ node: "orders-001", zone: "c" }] });
		await cancelOperation(fleet.test.resources, fleet.caller, { name: "orders" });
		await modify({ moves: [{ node: "orders-001", zone: "c" }] });
		await modify({ moves: [{ node: "orders-001", zone: "a" }] });
		await fleet.converge();
		expect((await fleet.members()).find(({ id }) => id === "orders-001")?.host).toBe(to);
	});

	it("can't join all the others of its shard in one zone while Multi-AZ is on", async () => {
		await fleet.create({ replicasPerShard: 1, multiAz: true });
		await fleet.join("a");
		await fleet.join("b");
		await fleet.join("c");
		const [first, second] = await fleet.members();
		await expect(
			modify({ moves: [{ node: first?.id, zone: second?.zone }] }),
		).rejects.toMatchObject({
			code: "conflict",
			message: expect.stringContaining("Multi-AZ is on"),
		});
	});
});
