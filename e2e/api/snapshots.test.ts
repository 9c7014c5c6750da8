import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillRichly, loadLibrary } from "../../platform/testing/rich-data.ts";
import { snapshotPageSchema, snapshotSchema } from "../../server/contract/snapshot.ts";
import { findDifference, readContent } from "../fixtures/cache-content.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import {
	getSnapshot,
	passingFiles,
	removeSnapshot,
	requestSnapshot,
	storedFiles,
	untilTaken,
} from "../fixtures/snapshots.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

async function available(body: Readonly<Record<string, unknown>> & { name: string }) {
	await larder.createCache({ auth: "none", ...body });
	return await larder.waitForStatus(body.name, "available", 60_000);
}

async function taken(name: string, cache: string) {
	await requestSnapshot(larder, name, cache);
	const snapshot = await untilTaken(larder, name);
	expect(snapshot).toMatchObject({ status: "available", statusReason: null, percent: 100 });
	return snapshot;
}

describe("a snapshot", () => {
	let expected: Awaited<ReturnType<typeof readContent>>;

	it("holds everything that the cache has: it is in the store with its manifest, and nowhere else", async () => {
		const cache = await available({ name: "orders", engine: "redis", replicasPerShard: 1 });
		const { host, port } = requireEndpoint(cache, "primary");
		const client = new Redis(port, host);
		await fillRichly(client, 1_000);
		await loadLibrary(client);
		client.disconnect();
		expected = await readContent(cache);

		const snapshot = await taken("first", "orders");
		expect(snapshot).toMatchObject({
			...{
				kind: "manual",
				cache: "orders",
				store: "local",
				engine: "redis",
				nodeType: cache.nodeType,
			},
			...{ clusterMode: "disabled", expiresAt: null, spreadMs: 0 },
		});
		// Larder's engines also save keys that have just expired.
		expect((snapshot.keys ?? 0) - expected.keys.size).toBeOneOf([0, 1]);
		expect(storedFiles(larder)).toHaveLength(2);
		expect(passingFiles(larder)).toEqual([]);
	});

	it("is restored in another cluster mode and engine, in other numbers of shards, and back", async () => {
		const spread = await available({
			...{ name: "spread", snapshot: "first", engine: "valkey" },
			...{ clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
		});
		const second = await taken("second", "spread");
		expect(second.shards.map(({ slots }) => slots)).toEqual([
			"0-5460",
			"5461-10921",
			"10922-16383",
		]);
		const others = [
			await available({ name: "same", snapshot: "second", replicasPerShard: 0 }),
			await available({ name: "fewer", snapshot: "second", shards: 2, replicasPerShard: 0 }),
			await available({ name: "one", snapshot: "second", clusterMode: "disabled" }),
			await available({ name: "grows", snapshot: "second", kind: "serverless" }),
		];
		expect(others.map(({ shards }) => shards.length)).toEqual([3, 2, 1, 1]);
		expect(others[0]).toMatchObject({ engine: "valkey", clusterMode: "enabled" });
		for (const cache of [spread, ...others]) {
			const { keys, libraries } = await readContent(cache);
			expect(findDifference(expected.keys, keys)).toBeNull();
			expect(libraries.size).toBe(1);
			if (cache !== spread) await larder.deleteCache(cache.name);
		}
		expect(passingFiles(larder)).toEqual([]);
	});

	it("is refused where it can't be taken or restored, with the field at fault", async () => {
		await available({ name: "pages", engine: "memcached" });
		const refusal = async (method: string, path: string, body: object) => {
			const answer = await larder.rest(method, path, { body });
			const { error } = answer.body as { error: { code: string; field?: string; message: string } };
			return [answer.status, error.field, error.message];
		};
		const create = (body: object) => refusal("POST", "/caches", { name: "x", ...body });
		expect(await refusal("POST", "/snapshots", { name: "a", cache: "pages" })).toEqual([
			...[422, "cache", expect.stringMatching("Memcached has no command that saves its data")],
		]);
		expect(await refusal("POST", "/snapshots", { name: "first", cache: "spread" })).toEqual([
			...[409, "name", expect.stringMatching("already exists")],
		]);
		expect(await create({ snapshot: "second", engine: "redis" })).toEqual([
			...[
				422,
				"engineVersion",
				expect.stringMatching(/RDB 80, but redis 7\S* reads formats up to RDB 10/),
			],
		]);
		expect(await create({ snapshot: "nothing" })).toEqual([404, "snapshot", expect.any(String)]);
		expect(await create({ snapshot: "first", engine: "memcached" })).toEqual([
			...[422, "snapshot", expect.stringMatching("Memcached")],
		]);
	});

	it("is copied, renamed and deleted with its files; a final one outlives its cache", async () => {
		const copied = await runLarder(
			["snapshots", "copy", "second", "copy", "--wait"],
			environment(),
		);
		expect(copied).toMatchObject({ exitCode: 0 });
		expect(await runLarder(["snapshots", "rename", "copy", "kept"], environment())).toMatchObject({
			exitCode: 0,
		});
		expect(await getSnapshot(larder, "kept")).toMatchObject({ kind: "copy", status: "available" });
		expect(storedFiles(larder)).toHaveLength(2 + 4 + 4);

		const deleted = await larder.rest("DELETE", "/caches/spread?finalSnapshot=last");
		expect(deleted).toMatchObject({ status: 202, body: { status: "deleting" } });
		await waitUntil("spread to be gone", async () => (await larder.getCache("spread")) === null);
		const last = await getSnapshot(larder, "last");
		expect(last).toMatchObject({ status: "available", kind: "final", keys: expected.keys.size });
		const page = snapshotPageSchema.parse(
			(await larder.rest("GET", "/snapshots?cache=spread")).body,
		);
		expect(page.items.map(({ name }) => name)).toEqual(["last", "kept", "second"]);

		const shown = await runLarder(["snapshots", "show", "last", "--json"], environment());
		expect(snapshotSchema.parse(JSON.parse(shown.stdout)).name).toBe("last");
		for (const name of ["first", "second", "kept", "last"]) await removeSnapshot(larder, name);
		expect(storedFiles(larder)).toEqual([]);
	});
});

function environment() {
	return { LARDER_URL: larder.url, LARDER_TOKEN: larder.adminToken, LARDER_HOME: larder.home.root };
}
