import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../server/contract/cache.ts";
import { eventPageSchema } from "../../server/contract/event.ts";
import {
	openClient,
	openClusterClient,
	passwordOf,
	requireEndpoint,
} from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

/** What is changed of a cache that serves, and what becomes of its endpoints and data. */
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
 * A primary is killed, another leads, and the cache is whole again with the old one started anew. Primaries of a cluster
 * are spread again at once, so the old one may lead once more by then: what came before is on record.
 */
async function failOver(name: string): Promise<Cache> {
	const victim = nodesOf(await larder.getCache(name)).find((node) => node.role === "primary");
	process.kill(victim?.pid ?? 0, "SIGKILL");
	await waitUntil(`another to lead ${name}`, async () => {
		const { body } = await larder.rest("GET", `/events?cache=${name}`);
		return eventPageSchema.parse(body).items.some(({ type }) => type === "cache.failover");
	});
	return await waitUntil(`${name} to be whole again`, async () => {
		const cache = await larder.getCache(name);
		const now = nodesOf(cache).find((node) => node.id === victim?.id);
		const isBack = now?.inSync && now.pid !== null && now.pid !== victim?.pid;
		return cache?.status === "available" && isBack ? cache : null;
	});
}

describe("endpoints stay what they are", () => {
	it("when the primary of a cache is killed", async () => {
		const cache = await create("follows", { replicasPerShard: 1 });
		const password = await passwordOf(larder, cache.name);
		const endpoint = requireEndpoint(cache, "primary");
		const before = openClient(endpoint, password);
		await before.set("k", "v");
		await before.wait(1, 2_000);
		before.disconnect();
		const after = await failOver(cache.name);
		expect(after.endpoints.primary).toEqual(endpoint);
		const client = openClient(endpoint, password);
		expect(await client.get("k")).toBe("v");
		expect(await client.set("k", "w")).toBe("OK");
		client.disconnect();
		await larder.deleteCache(cache.name);
	});

	it("when a primary of a cluster is killed: its replica is voted in, and it comes back", async () => {
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

it("parameters are applied live where they can be, the rest by a reboot that keeps the data", async () => {
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
	expect(await run("caches", "reboot", "tuned", "--wait")).toMatchObject({ exitCode: 0 });
	const after = await waitUntil("the reboots to be over", async () => {
		const now = await larder.getCache("tuned");
		return now?.parameterGroup.status === "in-sync" && now.status === "available" ? now : null;
	});
	for (const { pid } of nodesOf(after)) expect(pids).not.toContain(pid);
	// The primary handed over before its turn came.
	expect(nodesOf(after).find((node) => node.role === "primary")?.id).not.toBe(
		nodesOf(cache).find((node) => node.role === "primary")?.id,
	);
	expect(after.lastFailover).toMatchObject({ kind: "planned", by: "control-plane" });
	const rebooted = openClient(requireEndpoint(after, "primary"), password);
	expect(await rebooted.get("k")).toBe("v");
	await expect(rebooted.select(5)).rejects.toThrow(/out of range/);
	rebooted.disconnect();
	await larder.deleteCache("tuned");
	expect(await run("parameter-groups", "delete", "lru")).toMatchObject({ exitCode: 0 });
});

it("deletion protection, tags and description are changed by REST, and protection is kept to", async () => {
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
