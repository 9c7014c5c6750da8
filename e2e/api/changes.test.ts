import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../server/contract/cache-view.ts";
import { eventPageSchema } from "../../server/contract/event.ts";
import {
	openClient,
	openClusterClient,
	passwordOf,
	requireEndpoint,
} from "../fixtures/engine-clients.ts";
import { requireWhole } from "../fixtures/engine-truth.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { startWriter } from "../fixtures/numbered-writer.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { clusterPath, endpointPath } from "../fixtures/write-paths.ts";

/** Changes to a serving cache, and what happens to its endpoints and data. */
let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const nodesOf = (cache: Cache | null) => cache?.shards.flatMap((shard) => shard.nodes) ?? [];
const run = (...args: string[]) => runLarder(args, { LARDER_HOME: larder.home.root });

async function create(name: string, body: object): Promise<Cache> {
	await larder.createCache({ name, ...body });
	return await larder.waitForStatus(name, "available", 60_000);
}

/**
 * Kills the primary, and waits until another has taken over and the old one is back as its replica: the primary doesn't
 * move back, which would interrupt clients twice.
 */
async function failOver(name: string): Promise<Cache> {
	const victim = nodesOf(await larder.getCache(name)).find((node) => node.role === "primary");
	process.kill(victim?.pid ?? 0, "SIGKILL");
	await waitUntil(`another to lead ${name}`, async () => {
		const { body } = await larder.rest("GET", `/events?cache=${name}`);
		return eventPageSchema.parse(body).items.some(({ type }) => type === "cache.failover");
	});
	return await waitUntil(`${name} to be healthy again`, async () => {
		const cache = await larder.getCache(name);
		const now = nodesOf(cache).find((node) => node.id === victim?.id);
		const isBack = now?.inSync && now.pid !== null && now.pid !== victim?.pid;
		return cache?.status === "available" && isBack && now.role === "replica" ? cache : null;
	});
}

describe("endpoints stay the same", () => {
	it("when the primary of a cache is killed", async () => {
		const cache = await create("follows", { replicasPerShard: 1 });
		const password = await passwordOf(larder, cache.name);
		const endpoint = requireEndpoint(cache, "primary");
		const before = openClient(endpoint, password);
		await before.set("k", "v");
		await before.wait(1, 30_000);
		before.disconnect();
		const after = await failOver(cache.name);
		expect(after.endpoints.primary).toEqual(endpoint);
		const client = openClient(endpoint, password);
		expect(await client.get("k")).toBe("v");
		expect(await client.set("k", "w")).toBe("OK");
		client.disconnect();
		await larder.deleteCache(cache.name);
	});

	it("when a primary of a cluster is killed: its replica is voted in, and the old primary comes back", async () => {
		const shape = { clusterMode: "enabled", shards: 3, replicasPerShard: 1 };
		const cache = await create("votes", shape);
		const password = await passwordOf(larder, cache.name);
		const endpoint = requireEndpoint(cache, "configuration");
		const client = openClusterClient(endpoint, password);
		const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
		for (const key of keys) await client.set(key, key);
		client.disconnect();
		await waitUntil("replicas to have it all", async () => {
			const now = await larder.getCache(cache.name);
			return nodesOf(now).every((node) => node.inSync);
		});
		const after = await failOver(cache.name);
		expect(after.endpoints.configuration).toEqual(endpoint);
		const again = openClusterClient(endpoint, password);
		for (const key of keys) expect(await again.get(key)).toBe(key);
		again.disconnect();
		await larder.deleteCache(cache.name);
	});
});

it("parameters are applied live if possible, the rest by a reboot that keeps the data", async () => {
	const cache = await create("tuned", { replicasPerShard: 1 });
	const password = await passwordOf(larder, cache.name);
	const client = openClient(requireEndpoint(cache, "primary"), password);
	await client.set("k", "v");
	client.disconnect();
	const parameters = ["maxmemory-policy=allkeys-lru", "databases=4"];
	expect(await run("parameter-groups", "create", "lru", "--family", "valkey9")).toMatchObject({
		exitCode: 0,
	});
	expect(await run("parameter-groups", "set", "lru", ...parameters)).toMatchObject({ exitCode: 0 });
	expect(await run("caches", "modify", "tuned", "--parameter-group", "lru")).toMatchObject({
		exitCode: 0,
	});
	const pending = await waitUntil("what needs a reboot to be named", async () => {
		const now = await larder.getCache("tuned");
		return now?.parameterGroup.status === "pending-reboot" && now.status === "available"
			? now
			: null;
	});
	expect(nodesOf(pending).map((node) => node.pendingParameters)).toEqual([
		["databases"],
		["databases"],
	]);
	const live = openClient(requireEndpoint(cache, "primary"), password);
	expect(await live.info("memory")).toContain("maxmemory_policy:allkeys-lru");
	live.disconnect();

	const pids = nodesOf(pending).map((node) => node.pid);
	expect(await run("caches", "reboot", "tuned", "--wait")).toMatchObject({
		exitCode: 0,
		stderr: expect.stringMatching(/✓ Reboot tuned-00\d .*\n.*✓ Reboot tuned-00\d/s),
	});
	const after = await waitUntil("the reboots to be over", async () => {
		const now = await larder.getCache("tuned");
		return now?.parameterGroup.status === "in-sync" && now.status === "available" ? now : null;
	});
	for (const { pid } of nodesOf(after)) expect(pids).not.toContain(pid);
	const former = nodesOf(cache).find((node) => node.role === "primary")?.id;
	expect(after.progress.map(({ state }) => state)).toEqual(["done", "done"]);
	expect(after.progress[1]?.node).toBe(former);
	// A requested change isn't a failure.
	const events = await larder.rest("GET", "/events?cache=tuned");
	const troubles = eventPageSchema
		.parse(events.body)
		.items.filter(({ severity }) => severity !== "info");
	expect(troubles).toEqual([]);
	// The primary handed over before its own reboot.
	expect(nodesOf(after).find((node) => node.role === "primary")?.id).not.toBe(former);
	expect(after.lastFailover).toMatchObject({ kind: "planned", by: "control-plane" });
	const rebooted = openClient(requireEndpoint(after, "primary"), password);
	expect(await rebooted.get("k")).toBe("v");
	await expect(rebooted.select(5)).rejects.toThrow(/out of range/);
	rebooted.disconnect();
	await larder.deleteCache("tuned");
	expect(await run("parameter-groups", "delete", "lru")).toMatchObject({ exitCode: 0 });
});

it.each([
	["without cluster mode", {}, [2, 1]],
	["in a cluster", { clusterMode: "enabled", replicasPerShard: 1 }, [2, 0]],
])("replicas %s come and go, and a writer loses nothing", async (_, body, numbers) => {
	const cache = await create("grows", { auth: "none", ...body });
	const path =
		cache.clusterMode === "enabled"
			? clusterPath(cache.endpoints.nodes, "grows")
			: endpointPath([requireEndpoint(cache, "primary")]);
	const writer = startWriter({ path, tag: "grows" });
	try {
		for (const replicasPerShard of numbers) {
			const answer = await larder.rest("PATCH", "/caches/grows", { body: { replicasPerShard } });
			expect(answer).toMatchObject({ status: 202, body: { status: "modifying" } });
			await waitUntil(`${replicasPerShard} replicas`, async () => {
				const now = await larder.getCache("grows");
				if (now === null || nodesOf(now).length !== replicasPerShard + 1) return false;
				await requireWhole(now, null);
				return true;
			});
			await writer.writesAgain();
		}
		expect(await writer.findLost()).toEqual([]);
		expect(writer.lastFailure ?? "").not.toMatch(/NOREPLICAS|READONLY|CLUSTERDOWN|LOADING/);
	} finally {
		await writer.stop();
	}
	await larder.deleteCache("grows");
});

it("deletion protection, tags and description are changed through REST, and protection works", async () => {
	await create("kept", { engine: "memcached", deletionProtection: true });
	expect((await larder.rest("DELETE", "/caches/kept")).status).toBe(409);
	const changed = await larder.rest("PATCH", "/caches/kept", {
		body: { deletionProtection: false, tags: { team: "web" }, description: "pages" },
	});
	expect(changed).toMatchObject({
		status: 200,
		body: { tags: { team: "web" }, description: "pages" },
	});
	const nothing = await larder.rest("PATCH", "/caches/kept", { body: {} });
	expect(nothing.status).toBe(422);
	await larder.deleteCache("kept");
});
