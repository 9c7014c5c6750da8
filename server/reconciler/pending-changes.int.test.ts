import { beforeEach, expect, it } from "vitest";
import { modifyCacheInputSchema } from "../contract/modify-cache.ts";
import { cancelOperation } from "../services/caches/cancel-operation.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { applyPendingChanges, dropPendingChanges } from "../services/caches/pending-changes.ts";
import { previewChange } from "../services/caches/preview-change.ts";
import { TestFleet } from "../testing/test-fleet.ts";

let fleet: TestFleet;
/** A Sunday at noon. */
const NOON = new Date("2026-11-29T12:00:00Z");
const LATER = new Date("2026-11-29T13:10:00Z");
const WINDOW = "sun:13:00-sun:14:00";

beforeEach(async () => {
	fleet = await TestFleet.open();
	fleet.test.time.now = NOON;
});

const parse = (change: object) => modifyCacheInputSchema.parse({ name: "orders", ...change });
const modify = (change: object) => modifyCache(fleet.test.resources, fleet.caller, parse(change));
const ofCaller = [() => fleet.test.resources, () => fleet.caller] as const;
const call = <T>(use: (...input: [never, never, { name: string }]) => Promise<T>) =>
	use(ofCaller[0]() as never, ofCaller[1]() as never, { name: "orders" });

/** Converges several times: hosts come to rest between the parts of a change. */
async function atRest(): Promise<void> {
	let left = 6;
	do {
		await fleet.converge();
		left -= 1;
	} while (left > 0 && (await fleet.orders()).status !== "available");
}

it("a change with `apply: window` waits, visibly, until the window opens", async () => {
	await fleet.create({ maintenanceWindow: WINDOW });
	const asked = await modify({ replicasPerShard: 1, apply: "window", description: "now" });
	expect(asked).toMatchObject({
		...{ status: "available", replicasPerShard: 0, description: "now", operation: null },
		maintenanceWindow: WINDOW,
		pendingChanges: {
			next: null,
			window: {
				changes: { replicasPerShard: 1 },
				...{ startsAt: "2026-11-29T13:00:00.000Z", problem: null },
			},
		},
	});
	// Another change adds to it; one that can never be made is refused.
	await modify({ nodeType: "cache.t4g.small", apply: "window" });
	await expect(modify({ shards: 2, apply: "window" })).rejects.toThrow(/cluster mode/);
	await expect(modify({ removeNodes: ["orders-001"], apply: "window" })).rejects.toThrow(/primary/);
	await fleet.converge();
	expect(await fleet.namesOf()).toEqual(["orders-001"]);
	fleet.test.time.now = LATER;
	await fleet.settle();
	expect(await fleet.orders()).toMatchObject({
		...{ status: "modifying", replicasPerShard: 1, pendingChanges: null },
		operation: { kind: "modify", cancellable: true, slots: null, percent: expect.any(Number) },
	});
	const audit = await fleet.test.resources.db.auditEntry.findMany({
		where: { action: "cache.begin-pending-changes" },
	});
	// The audit log names the caller of the newest request.
	expect(audit).toMatchObject([{ target: "orders", actor: fleet.caller.actor, address: null }]);
	// The cache wakes once a gateway on a host without its nodes has the newest route.
	const used = (await fleet.members()).map(({ host }) => host);
	const names = ["h1", "h2", "h3"];
	for (const name of used) await fleet.hosts[names.indexOf(name)]?.converge();
	await fleet.settle();
	fleet.test.woken.length = 0;
	await fleet.hosts[names.findIndex((name) => !used.includes(name))]?.converge();
	expect(fleet.test.woken).toHaveLength(1);
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({
		...{ status: "available", nodeType: "cache.t4g.small", operation: null },
	});
	expect(await fleet.namesOf()).toEqual(["orders-001", "orders-002"]);
	expect(await fleet.eventTypes()).toContain("cache.window-opened");
});

it("what waits can be applied now, canceled, or replaced by an immediate change", async () => {
	await fleet.create({ maintenanceWindow: WINDOW });
	await modify({ replicasPerShard: 1, nodeType: "cache.t4g.small", apply: "window" });
	const { pendingChanges } = await modify({ replicasPerShard: 2 });
	expect(pendingChanges?.window?.changes).toEqual({ nodeType: "cache.t4g.small" });
	await expect(call(applyPendingChanges)).rejects.toMatchObject({ code: "conflict" });
	await fleet.converge();
	expect((await call(applyPendingChanges)).status).toBe("modifying");
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({ nodeType: "cache.t4g.small", pendingChanges: null });
	await modify({ replicasPerShard: 0, apply: "window" });
	expect((await call(dropPendingChanges)).pendingChanges).toBeNull();
	await expect(call(dropPendingChanges)).rejects.toMatchObject({ code: "conflict" });
	fleet.test.time.now = LATER;
	await fleet.converge();
	expect(await fleet.namesOf()).toHaveLength(3);
});

it("a change that can't begin in its window says why and begins once it can", async () => {
	await fleet.create({ maintenanceWindow: WINDOW, replicasPerShard: 1 });
	await modify({ moves: [{ node: "orders-002", host: "h3" }], apply: "window" });
	fleet.test.time.now = LATER;
	await fleet.test.resources.db.host.updateMany({
		where: { name: "h3" },
		data: { cordoned: true },
	});
	await fleet.settle();
	const blocked = await fleet.orders();
	expect(blocked).toMatchObject({ status: "available", statusReason: null });
	expect(blocked.pendingChanges?.window?.problem).toContain("No other host accepts nodes now");
	await fleet.test.resources.db.host.updateMany({
		where: { name: "h3" },
		data: { cordoned: false },
	});
	await fleet.passSeconds(1);
	await atRest();
	expect(await fleet.orders()).toMatchObject({ status: "available", pendingChanges: null });
	const moved = (await fleet.members()).find(({ id }) => id === "orders-002");
	expect(moved?.host).toBe("h3");
});

it("one request may ask for more than can be done at the same time: the rest follows, or is canceled with it", async () => {
	await fleet.create({ replicasPerShard: 1 });
	// A host joins in the replica's zone, which has no other node of the cache.
	const home = (await fleet.members()).find(({ id }) => id === "orders-002");
	await fleet.join(home?.zone ?? "");
	await fleet.passSeconds(1);
	const whole = {
		...{ replicasPerShard: 2, nodeType: "cache.t4g.small" },
		moves: [{ node: "orders-002", host: "h4" }],
	};
	const { steps, problems, topology } = await previewChange(fleet.test.resources, parse(whole));
	expect(problems).toEqual([]);
	expect(topology[0]?.nodes.map(({ node, change, role }) => [node, change, role])).toEqual([
		["orders-001", "changed", "primary"],
		["orders-002", "moved", "replica"],
		[null, "added", "replica"],
	]);
	expect(topology[0]?.nodes[1]).toMatchObject({ host: "h4", from: home?.host });
	expect(steps.at(-1)).toContain("Move orders-002");
	const begun = await modify(whole);
	expect(begun).toMatchObject({ status: "modifying", replicasPerShard: 2 });
	expect(begun.pendingChanges?.next).toMatchObject({
		changes: { moves: whole.moves },
		startsAt: null,
	});
	await expect(modify({ replicasPerShard: 3 })).rejects.toThrow(/changes \(moves\) will follow/);
	// Canceling twice must not bring the change back.
	for (const _ of ["once", "twice"]) {
		expect(await call(cancelOperation)).toMatchObject({
			...{ status: "modifying", replicasPerShard: 1 },
			operation: { state: "canceling", cancellable: false },
		});
	}
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({
		...{ status: "available", replicasPerShard: 1, nodeType: "cache.t4g.micro" },
		pendingChanges: null,
	});
	await modify(whole);
	await atRest();
	expect(await fleet.orders()).toMatchObject({ status: "available", pendingChanges: null });
	const moved = (await fleet.members()).find(({ id }) => id === "orders-002");
	expect(moved?.host).toBe("h4");
});

it("nodes move to the zones that the cache should be in, the primary after it has handed over", async () => {
	await fleet.create({ replicasPerShard: 1, zones: ["a", "b"] });
	await expect(modify({ zones: ["a", "nowhere"] })).rejects.toMatchObject({ field: "zones" });
	const { steps, problems } = await previewChange(
		fleet.test.resources,
		parse({ zones: ["b", "c"] }),
	);
	expect(problems).toEqual([]);
	expect(steps).toEqual([expect.stringContaining("on h3 (zone c)")]);
	const begun = await modify({ zones: ["b", "c"] });
	expect(begun).toMatchObject({ status: "modifying", zones: ["b", "c"] });
	await atRest();
	expect(await fleet.orders()).toMatchObject({ status: "available", operation: null });
	expect((await fleet.members()).map(({ zone }) => zone).sort()).toEqual(["b", "c"]);
	await expect(modify({ moves: [{ node: "orders-001", zone: "a" }] })).rejects.toThrow(
		/may be in the zones b, c, not in a/,
	);
	// No zones are required any more; the nodes stay where they are.
	await modify({ zones: null });
	await atRest();
	expect(await fleet.orders()).toMatchObject({ status: "available", zones: null });
});

it("a shard that is being added is no part of what agents are told until its nodes have places", async () => {
	await fleet.create({ clusterMode: "enabled", shards: 1, replicasPerShard: 0 });
	await modify({ shards: 2 });
	const states = await Promise.all(fleet.hosts.map((host) => host.state()));
	const [first, ...others] = states.flatMap(({ assignments }) => assignments);
	expect([first?.cluster?.shards.length, others]).toEqual([1, []]);
});

it("shards may differ in their number of replicas, and a person may say which node leaves", async () => {
	await fleet.create({ clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
	const grown = await modify({ shardReplicas: [{ shard: "0002", replicas: 2 }] });
	expect(grown).toMatchObject({ replicasPerShard: 1, nodeCount: 5 });
	await fleet.converge();
	const counts = async () => (await fleet.orders()).shards.map(({ nodes }) => nodes.length);
	expect(await counts()).toEqual([2, 3]);
	await expect(modify({ shardReplicas: [{ shard: "0009", replicas: 2 }] })).rejects.toThrow(/0009/);
	await modify({ removeNodes: ["orders-0002-002"], multiAz: true });
	await fleet.converge();
	expect(await counts()).toEqual([2, 2]);
	expect(await fleet.namesOf()).toContain("orders-0002-003");
	expect(await fleet.namesOf()).not.toContain("orders-0002-002");
	await modify({ shardReplicas: [{ shard: "0001", replicas: 0 }], multiAz: false });
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({ replicasPerShard: 1, nodeCount: 3 });
	// Replicas are added to the shards that stay, once the others have left.
	const fewer = parse({ shards: 1, replicasPerShard: 2 });
	const { steps, problems } = await previewChange(fleet.test.resources, fewer);
	expect(problems).toEqual([]);
	expect(steps.findIndex((step) => step.includes("shard 0002"))).toBeLessThan(
		steps.findIndex((step) => step.startsWith("Add a replica")),
	);
	expect(steps.filter((step) => step.startsWith("Add a replica"))).toHaveLength(2);
	await modify({ replicasPerShard: 2 });
	await fleet.converge();
	expect(await counts()).toEqual([3, 3]);
	const begun = await modify({ shards: 1, replicasPerShard: 3 });
	expect(begun).toMatchObject({ operation: { kind: "scale-in" }, replicasPerShard: 2 });
	expect(begun.pendingChanges?.next?.changes).toEqual({ replicasPerShard: 3 });
});
