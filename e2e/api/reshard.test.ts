import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cache, cacheSchema, changePreviewSchema } from "../../server/contract/cache-view.ts";
import { eventPageSchema } from "../../server/contract/event.ts";
import { countSlots, readSlots } from "../../server/contract/slots.ts";
import { openClusterClient, passwordOf, requireEndpoint } from "../fixtures/engine-clients.ts";
import { requireWhole } from "../fixtures/engine-truth.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const KEYS = Array.from({ length: 500 }, (_, index) => `key-${index}`);
const slotCounts = ({ shards }: Cache) => shards.map(({ slots }) => countSlots(readSlots(slots)));

async function settled(name: string, shards: number, password: string | null): Promise<Cache> {
	return await waitUntil(
		`${name} to have ${shards} shards`,
		async () => {
			const cache = await larder.getCache(name);
			if (cache === null || cache.operation !== null || cache.shards.length !== shards) return null;
			await requireWhole(cache, password);
			return cache;
		},
		60_000,
	);
}

it("shards come and go, slots are set by hand, a change is canceled: all keys stay, and clients find them", async () => {
	const name = "carts";
	await larder.createCache({ name, clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
	const created = await larder.waitForStatus(name, "available", 60_000);
	const password = await passwordOf(larder, name);
	const client = openClusterClient(requireEndpoint(created, "configuration"), password);
	const requireKeys = async () => {
		for (const key of KEYS) expect(await client.get(key)).toBe(key);
	};
	for (const key of KEYS) await client.set(key, key);
	const path = `/caches/${name}`;
	const patch = (body: object) => larder.rest("PATCH", path, { body });
	const cancel = () => larder.rest("POST", `${path}/operation/cancel`, { body: {} });

	const preview = await larder.rest("POST", `${path}/preview`, { body: { shards: 3 } });
	const { steps, problems, memoryBytes, topology } = changePreviewSchema.parse(preview.body);
	expect(
		topology.map(({ id, change, nodes }) => [id, change, nodes.map((node) => node.change)]),
	).toEqual([
		["0001", "none", ["none", "none"]],
		["0002", "none", ["none", "none"]],
		["0003", "added", ["added", "added"]],
	]);
	expect(topology[2]?.nodes.map(({ role }) => role)).toEqual(["primary", "replica"]);
	expect(topology.map(({ slotsBefore, slots }) => [slotsBefore, slots])).toEqual([
		["0-8191", "0-5461"],
		["8192-16383", "8192-13652"],
		["", "5462-8191,13653-16383"],
	]);
	expect(problems).toEqual([]);
	expect(memoryBytes.after).toBe((memoryBytes.before * 3) / 2);
	expect(steps).toEqual([
		expect.stringMatching(/^Add shard 0003 on local-., local-.\.$/),
		"Move 2730 slots with their keys from shard 0001.",
		"Move 2731 slots with their keys from shard 0002.",
	]);

	// Canceled before or while slots move.
	const asked = await patch({ shards: 3 });
	expect(asked.status).toBe(202);
	const modifying = cacheSchema.parse(asked.body);
	expect(modifying).toMatchObject({ status: "modifying", shardCount: 3 });
	expect(modifying.operation).toMatchObject({
		...{ kind: "scale-out", state: "running", cancellable: true, percent: 0 },
		slots: { moved: 0, total: 5_461 },
		moves: [
			{ from: "0001", to: "0003", ranges: "5462-8191", slots: { moved: 0, total: 2_730 } },
			{ from: "0002", to: "0003", ranges: "13653-16383", slots: { moved: 0, total: 2_731 } },
		],
		steps: [{ step: "Add shards" }, { step: "Move slots" }, { step: "Check that all nodes agree" }],
	});
	for (const body of [{ shards: 4 }, { replicasPerShard: 2 }]) {
		expect(await patch(body)).toMatchObject({
			status: 409,
			body: { error: { message: expect.stringContaining("or cancel it") } },
		});
	}
	expect((await cancel()).status).toBe(202);
	const back = await settled(name, 2, password);
	expect(back).toMatchObject({ shardCount: 2, nodeCount: 4, status: "available" });
	expect(slotCounts(back)).toEqual([8_192, 8_192]);
	expect((await cancel()).status).toBe(409);
	await requireKeys();

	// Scale out, with the command line.
	const out = await runLarder(["caches", "scale", name, "--shards", "3", "--wait"], {
		LARDER_HOME: larder.home.root,
	});
	expect(out).toMatchObject({ exitCode: 0 });
	const grown = await settled(name, 3, password);
	expect(slotCounts(grown).sort()).toEqual([5_461, 5_461, 5_462]);
	await requireKeys();

	// Set slots by hand, then rebalance.
	const slots = ["0-99,16000-16383", "100-9999", "10000-15999"];
	const uneven = await larder.rest("PUT", `${path}/slots`, { body: { slots: slots.slice(0, 2) } });
	expect(uneven).toMatchObject({ status: 422, body: { error: { field: "slots" } } });
	const dryRun = await runLarder(
		["caches", "rebalance", name, "--dry-run", ...slots.flatMap((each) => ["--slots", each])],
		{ LARDER_HOME: larder.home.root },
	);
	expect(dryRun.stdout).toMatch(/^Move \d+ slots with their keys from shard 0001\.$/m);
	expect((await larder.rest("PUT", `${path}/slots`, { body: { slots } })).status).toBe(202);
	const byHand = await settled(name, 3, password);
	expect(byHand.shards.map((shard) => shard.slots)).toEqual(slots);
	await requireKeys();
	expect((await larder.rest("POST", `${path}/rebalance`, { body: {} })).status).toBe(202);
	expect(slotCounts(await settled(name, 3, password)).sort()).toEqual([5_461, 5_461, 5_462]);

	// Scale in and remove the replicas in one request: one follows the other. The nodes go with their processes.
	const whole = await patch({ shards: 1, replicasPerShard: 0 });
	expect(whole.status).toBe(202);
	expect(cacheSchema.parse(whole.body)).toMatchObject({
		...{ operation: { kind: "modify" }, replicasPerShard: 0 },
		pendingChanges: { next: { changes: { shards: 1 } }, window: null },
	});
	const shrunk = await settled(name, 1, password);
	expect(shrunk.shards[0]?.slots).toBe("0-16383");
	await requireKeys();
	await waitUntil("the engines of the other shards to have ended", async () => {
		return larder.engines().length === 1;
	});
	client.disconnect();
	await larder.deleteCache(name);
});

it.each([
	["valkey", "8"],
	["redis", "7"],
])(
	"slots of %s %s move key by key, keys of any bytes and sizes among them",
	async (engine, engineVersion) => {
		const name = `keys-${engine}`;
		await larder.createCache({ name, engine, engineVersion, clusterMode: "enabled", shards: 1 });
		const created = await larder.waitForStatus(name, "available", 60_000);
		const password = await passwordOf(larder, name);
		const client = openClusterClient(requireEndpoint(created, "configuration"), password);
		const keys = Array.from({ length: 1_000 }, (_, index) =>
			Buffer.from([0xff, 0, index >> 8, index & 0xff]),
		);
		for (const key of keys) await client.set(key, key);
		const fields = Array.from({ length: 50_000 }, (_, index) => [`field-${index}`, "x".repeat(40)]);
		await client.hset("large", Object.fromEntries(fields));
		await client.set("short-lived", "x", "PX", 3_600_000);
		for (const shards of [2, 1]) {
			const { status } = await larder.rest("PATCH", `/caches/${name}`, { body: { shards } });
			expect(status).toBe(202);
			const now = await settled(name, shards, password);
			expect(slotCounts(now)).toEqual(shards === 1 ? [16_384] : [8_192, 8_192]);
			for (const key of keys) expect(await client.getBuffer(key)).toEqual(key);
			expect(await client.hlen("large")).toBe(fields.length);
			expect(await client.pttl("short-lived")).toBeGreaterThan(3_000_000);
		}
		client.disconnect();
		await larder.deleteCache(name);
	},
);

it("caches whose slots can't move say why", async () => {
	await larder.createCache({ name: "plain" });
	await larder.waitForStatus("plain", "available", 60_000);
	const refused = await larder.rest("PATCH", "/caches/plain", { body: { shards: 2 } });
	expect(refused).toMatchObject({
		status: 422,
		body: { error: { field: "shards", message: expect.stringContaining("cluster mode disabled") } },
	});
	await larder.deleteCache("plain");
});

it("a provisioned cache gets cluster mode and shards in one request, while a client that knows no clusters writes", async () => {
	const name = "grows";
	await larder.createCache({ name, replicasPerShard: 1 });
	const before = await larder.waitForStatus(name, "available", 60_000);
	const password = await passwordOf(larder, name);
	const primary = requireEndpoint(before, "primary");
	const plain = new Redis({ ...primary, ...(password !== null && { password }) });
	const path = `/caches/${name}`;
	const patch = (body: object) => larder.rest("PATCH", path, { body });
	for (const key of KEYS) await plain.set(key, key);

	const preview = await larder.rest("POST", `${path}/preview`, {
		body: { clusterMode: "enabled", shards: 2 },
	});
	const forecast = changePreviewSchema.parse(preview.body);
	expect(forecast).toMatchObject({ problems: [], irreversible: true });
	expect(forecast.restarts).toHaveLength(2);
	expect(forecast.topology.map(({ slots }) => slots)).toEqual(["0-8191", "8192-16383"]);
	const unconfirmed = await patch({ clusterMode: "compatible" });
	expect(unconfirmed).toMatchObject({
		status: 422,
		body: { error: { field: "acceptIrreversible" } },
	});

	const group = { name: "own", family: "valkey9" };
	expect((await larder.rest("POST", "/parameter-groups", { body: group })).status).toBe(201);
	expect((await patch({ parameterGroup: "own" })).status).toBe(200);
	const unfit = await patch({ clusterMode: "enabled", acceptIrreversible: true });
	expect(unfit).toMatchObject({ status: 422, body: { error: { field: "parameterGroup" } } });

	const asked = { clusterMode: "enabled", acceptIrreversible: true, shards: 2 };
	const parameterGroup = "default.valkey9.cluster.on";
	const accepted = cacheSchema.parse((await patch({ ...asked, parameterGroup })).body);
	expect(accepted).toMatchObject({ status: "modifying", operation: { cancellable: true } });
	expect(accepted.pendingChanges?.next?.changes).toEqual({ shards: 2 });
	// What it writes while nodes restart waits, and isn't lost.
	let written = 0;
	await waitUntil("cluster mode", async () => {
		await plain.set("{one}:written", ++written);
		return (await larder.getCache(name))?.clusterMode === "enabled";
	});
	await plain.set("{one}:written", ++written);
	plain.disconnect();
	const cache = await settled(name, 2, password);
	expect(cache).toMatchObject({
		...{ clusterMode: "enabled", automaticFailover: true, pendingChanges: null },
		...{ parameterGroup: { name: parameterGroup }, endpoints: { primary: null, reader: null } },
	});
	expect(requireEndpoint(cache, "configuration")).toEqual(primary);
	const client = openClusterClient(primary, password);
	for (const key of KEYS) expect(await client.get(key)).toBe(key);
	expect(await client.get("{one}:written")).toBe(String(written));
	client.disconnect();
	const back = await patch({ clusterMode: "disabled" });
	expect(back).toMatchObject({ status: 422, body: { error: { field: "clusterMode" } } });
	await larder.deleteCache(name);
});

it("a change to cluster mode that is canceled, or isn't possible, leaves the cache as it was", async () => {
	const name = "stays";
	await larder.createCache({ name });
	const before = await larder.waitForStatus(name, "available", 60_000);
	const password = await passwordOf(larder, name);
	const plain = new Redis({
		...requireEndpoint(before, "primary"),
		...(password !== null && { password }),
	});
	await plain.set("kept", "yes");
	const path = `/caches/${name}`;
	const body = { clusterMode: "enabled", acceptIrreversible: true };
	expect((await larder.rest("PATCH", path, { body })).status).toBe(202);
	expect((await larder.rest("PATCH", path, { body: { replicasPerShard: 1 } })).status).toBe(409);
	const canceled = await larder.rest("POST", `${path}/operation/cancel`, { body: {} });
	expect(canceled.status).toBe(202);
	await larder.waitForStatus(name, "available", 60_000);
	expect(await larder.getCache(name)).toMatchObject({ clusterMode: "disabled", operation: null });

	await plain.select(1);
	await plain.set("elsewhere", "yes");
	const again = await larder.rest("PATCH", path, { body: { ...body, shards: 2 } });
	expect(again.status).toBe(202);
	await waitUntil("the change to be given up", async () => {
		const cache = await larder.getCache(name);
		return (
			cache?.status === "available" && cache.operation === null && cache.pendingChanges === null
		);
	});
	expect(await larder.getCache(name)).toMatchObject({ clusterMode: "disabled", shardCount: 1 });
	const events = await larder.rest("GET", `/events?cache=${name}`);
	const kept = eventPageSchema
		.parse(events.body)
		.items.find(({ type }) => type === "cache.mode-kept");
	expect(kept?.message).toMatch(/databases other than 0.*\(shards\) was dropped/);
	expect(await plain.get("elsewhere")).toBe("yes");
	await plain.select(0);
	expect(await plain.get("kept")).toBe("yes");
	plain.disconnect();
	await larder.deleteCache(name);
});
