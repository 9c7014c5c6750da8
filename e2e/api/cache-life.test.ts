import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cache, cacheSchema, credentialsSchema } from "../../server/contract/cache-view.ts";
import { eventPageSchema } from "../../server/contract/event.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

async function connect(cache: Cache, endpoint: "primary" | "reader" = "primary"): Promise<Redis> {
	const at = cache.endpoints[endpoint];
	if (at === null) throw new Error(`${cache.name} has no ${endpoint} endpoint`);
	const answer = await larder.rest("GET", `/caches/${cache.name}/credentials`);
	const { password } = credentialsSchema.parse(answer.body);
	const client = new Redis({
		host: at.host,
		port: at.port,
		...(password !== null && { password }),
		maxRetriesPerRequest: 0,
	});
	client.on("error", () => {
		// Commands reject with it; without a listener ioredis prints it as well.
	});
	return client;
}

const deleteAll = (names: readonly string[]) =>
	Promise.all(names.map((name) => larder.deleteCache(name)));

describe("a cache is created, used and deleted without a trace", () => {
	it("with one node", async () => {
		await larder.createCache({ name: "single" });
		const cache = await larder.waitForStatus("single", "available");
		expect(cache.engine).toBe("valkey");
		expect(cache.engineVersion).toMatch(/^\d+\.\d+\.\d+$/);
		expect(cache.progress.every((step) => step.state === "done")).toBe(true);
		expect(cache.auth).toEqual({ mode: "password", username: "default" });
		expect(larder.engines()).toHaveLength(1);

		const client = await connect(cache);
		expect(await client.set("greeting", "hello")).toBe("OK");
		expect(await client.get("greeting")).toBe("hello");
		const maxmemory = await client.info("memory");
		expect(maxmemory).toContain(`maxmemory:${0.75 * 512 * 1024 ** 2}`);
		client.disconnect();

		await larder.deleteCache("single");
		expect(larder.engines()).toEqual([]);
	});

	it("with a primary and two replicas, each in a zone of its own", async () => {
		await larder.createCache({ name: "orders", replicasPerShard: 2, multiAz: true });
		const cache = await larder.waitForStatus("orders", "available");
		const nodes = cache.shards.flatMap((shard) => shard.nodes);
		expect(nodes.map((node) => node.id).sort()).toEqual(["orders-001", "orders-002", "orders-003"]);
		expect(new Set(nodes.map((node) => node.zone)).size).toBe(3);
		expect(nodes.filter((node) => node.role === "primary")).toHaveLength(1);
		expect(nodes.every((node) => node.status === "available" && node.inSync)).toBe(true);
		expect(
			larder
				.engines()
				.map((engine) => engine.pid)
				.sort(),
		).toEqual(nodes.map((node) => node.pid).sort());

		const writer = await connect(cache);
		await writer.set("k", "v");
		expect(await writer.wait(2, 30_000)).toBe(2);
		const reader = await connect(cache, "reader");
		expect(await reader.get("k")).toBe("v");
		writer.disconnect();
		reader.disconnect();

		const { port } = cache;
		await larder.deleteCache("orders");
		expect(larder.engines()).toEqual([]);
		// Its port is kept from other caches for a while; a cache of the same name may have it again.
		await larder.createCache({ name: "orders-again" });
		await larder.createCache({ name: "orders", port });
		expect((await larder.waitForStatus("orders-again", "available")).port).not.toBe(port);
		expect((await larder.waitForStatus("orders", "available")).port).toBe(port);
		await deleteAll(["orders-again", "orders"]);
	});

	it("with a required password, and without one on request", async () => {
		await larder.createCache({ name: "locked" });
		await larder.createCache({ name: "open", auth: "none" });
		const { primary } = (await larder.waitForStatus("locked", "available")).endpoints;
		const stranger = new Redis({
			host: primary?.host ?? "",
			port: primary?.port ?? 0,
			maxRetriesPerRequest: 0,
		});
		stranger.on("error", () => {});
		await expect(stranger.set("k", "v")).rejects.toThrow(/NOAUTH/);
		stranger.disconnect();

		const client = await connect(await larder.waitForStatus("open", "available"));
		expect(await client.set("k", "v")).toBe("OK");
		client.disconnect();
		await deleteAll(["locked", "open"]);
	});
});

it("the list finds caches by name, page by page, and events record that a cache became available", async () => {
	for (const name of ["list-a", "list-b", "list-c"]) await larder.createCache({ name });
	const names: string[] = [];
	let cursor = "";
	do {
		const page = await larder.rest("GET", `/caches?limit=1&search=list-${cursor}`);
		expect(page.status).toBe(200);
		const body = page.body as { items: { name: string }[]; nextCursor: string | null };
		expect(body.items.length).toBeLessThanOrEqual(1);
		names.push(...body.items.map((item) => item.name));
		cursor = body.nextCursor === null ? "" : `&cursor=${encodeURIComponent(body.nextCursor)}`;
	} while (cursor !== "");
	expect(names.sort()).toEqual(["list-a", "list-b", "list-c"]);

	await larder.waitForStatus("list-a", "available");
	const events = eventPageSchema.parse((await larder.rest("GET", "/events?cache=list-a")).body);
	expect(events.items.map((event) => event.type)).toContain("cache.available");
	await deleteAll(["list-a", "list-b", "list-c"]);
});

it("metrics of a node arrive", async () => {
	await larder.createCache({ name: "measured" });
	const cache = await waitUntil("a first sample", async () => {
		const now = await larder.getCache("measured");
		return now?.shards[0]?.nodes[0]?.metrics ? now : null;
	});
	expect(cacheSchema.parse(cache).shards[0]?.nodes[0]?.metrics?.memoryUsedBytes).toBeGreaterThan(0);
	await larder.deleteCache("measured");
});

describe("a request that has to wait says why, and is fulfilled once it can be", () => {
	it("a port that another program holds", async () => {
		const { createServer } = await import("node:net");
		const [first = 0] = larder.clientPorts.split("-").map(Number);
		const port = first + 50;
		const intruders = await Promise.all(
			["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(
				(host) =>
					new Promise<ReturnType<typeof createServer>>((resolve) => {
						const server = createServer().listen(port, host, () => resolve(server));
					}),
			),
		);
		await larder.createCache({ name: "wants-port", port });
		const waiting = await waitUntil("a reason", async () => {
			const cache = await larder.getCache("wants-port");
			return cache?.statusReason?.includes(String(port)) ? cache : null;
		});
		expect(waiting.status).toBe("creating");
		for (const server of intruders) server.close();
		await larder.waitForStatus("wants-port", "available", 60_000);
		await larder.deleteCache("wants-port");
	});

	it("more memory than all hosts have", async () => {
		const names = Array.from({ length: 8 }, (_, index) => `big-${index}`);
		for (const name of names) {
			await larder.createCache({ name, nodeType: "cache.t4g.medium" });
		}
		const waiting = await waitUntil("one without room", async () => {
			const caches = await Promise.all(names.map((name) => larder.getCache(name)));
			const settled = caches.filter((cache) => cache?.status === "available").length;
			// Each host's 8 GiB holds two nodes of 3.09 GiB, so six of the eight fit and two must wait.
			return settled === 6 ? caches.filter((cache) => cache?.status === "creating") : null;
		});
		expect(waiting).toHaveLength(2);
		for (const cache of waiting) expect(cache?.statusReason).toMatch(/memory|capacity|room/i);
		const placed = names.filter((name) => !waiting.some((cache) => cache?.name === name));
		await deleteAll(placed.slice(0, 2));
		for (const cache of waiting) await larder.waitForStatus(cache?.name ?? "", "available");
		await deleteAll([...placed.slice(2), ...waiting.map((cache) => cache?.name ?? "")]);
		expect(larder.engines()).toEqual([]);
	});
});
