import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { TestBucket } from "../../platform/testing/test-bucket.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { snapshotSchema } from "../../server/contract/snapshot.ts";
import { storeSchema } from "../../server/contract/store.ts";
import { findDifference, readContent } from "../fixtures/cache-content.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const KEYS = 20_000;

let larder: Installation;
let bucket: TestBucket;
/** On the hosts' machine, where its operator lets agents read. */
let dumps: string;
beforeAll(async () => {
	dumps = makeOwnedDirectory("larder-dumps-");
	const environment = { LARDER_IMPORT_DIRECTORIES: dumps };
	[larder, bucket] = await Promise.all([startInstallation({ environment }), TestBucket.start()]);
});
afterAll(async () => {
	await Promise.all([larder?.stop(), bucket?.close()]);
	rmSync(dumps, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<unknown> {
	const { exitCode, stdout, stderr } = await runLarder([...args, "--json"], {
		LARDER_HOME: larder.home.root,
		LARDER_S3_SECRET_ACCESS_KEY: bucket.settings.credentials.secretAccessKey,
	});
	expect(exitCode, stderr).toBe(0);
	return JSON.parse(stdout);
}

async function createCache(body: { name: string }): Promise<Cache> {
	await larder.createCache({ ...body, auth: "none" });
	return await larder.waitForStatus(body.name, "available");
}

async function fill(cache: Cache): Promise<void> {
	const node = cache.shards[0]?.nodes.find(({ role }) => role === "primary");
	if (node === undefined) throw new Error("the cache has no primary");
	const client = new Redis(node.port, node.address);
	for (let from = 0; from < KEYS; from += 1_000) {
		const pipeline = client.pipeline();
		for (let key = from; key < from + 1_000; key += 1) {
			// Digits of a hash don't compress: the file has more than one part.
			const value = createHash("sha512").update(`${key}`).digest("hex").repeat(4);
			pipeline.set(`key:${key}`, value);
		}
		await pipeline.exec();
	}
	client.disconnect();
}

/** A snapshot through every door: agent, control plane, encryption, bucket, and all of them back. */
it("a snapshot goes into an encrypted bucket, though the control plane dies on the way, and out as a plain file that seeds a cluster", async () => {
	const { endpoint, bucket: name, credentials } = bucket.settings;
	const options = ["--bucket", name, "--endpoint", endpoint, "--prefix", "larder/"];
	const keyId = ["--access-key-id", credentials.accessKeyId];
	const created = await run("stores", "create", "offsite", ...options, ...keyId, "--encrypt");
	expect(storeSchema.parse(created)).toMatchObject({ encryption: "age" });
	const origin = await createCache({ name: "origin" });
	await fill(origin);

	let killed: Promise<void> | null = null;
	bucket.fault = ({ method, url }) => {
		if (method === "PUT" && url.searchParams.has("partNumber")) {
			killed ??= larder.killControlPlane();
		}
		return null;
	};
	await run("snapshots", "create", "first", "--cache", "origin", "--store", "offsite");
	await waitUntil("the control plane to be killed", async () => killed !== null, 60_000);
	await killed;
	await larder.startControlPlane();
	bucket.fault = () => null;
	const taken = await waitUntil(
		"the snapshot to be taken",
		async () => {
			const { body } = await larder.rest("GET", "/snapshots/first");
			const snapshot = snapshotSchema.parse(body);
			return snapshot.status === "creating" ? null : snapshot;
		},
		60_000,
	);
	expect(taken).toMatchObject({ status: "available", keys: KEYS, store: "offsite" });
	expect(bucket.uploads()).toEqual([]);
	expect(existsSync(join(larder.home.snapshotsDir, "snapshots"))).toBe(false);

	const directory = join(larder.home.root, "out");
	await run("snapshots", "download", "first", "--to", directory);
	const file = join(directory, "first.rdb");
	const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
	expect(sha256).toBe(taken.shards[0]?.sha256);
	await run("snapshots", "import", "second", "--file", file, "--wait");
	const cluster = { name: "cluster", snapshot: "second", clusterMode: "enabled", shards: 2 };
	const seeded = await createCache(cluster);
	const [before, after] = [await readContent(origin), await readContent(seeded)];
	expect(after.keys.size).toBe(KEYS);
	expect(findDifference(before.keys, after.keys)).toBeNull();

	copyFileSync(file, join(dumps, "dump.rdb"));
	const fromHost = ["--from-host", "local-b", "--path"];
	const path = join(dumps, "dump.rdb");
	const third = await run("snapshots", "import", "third", ...fromHost, path, "--wait");
	expect(snapshotSchema.parse(third)).toMatchObject({ status: "available", keys: KEYS });
	expect(snapshotSchema.parse(third).shards[0]?.sha256).toBe(sha256);
	const refused = await runLarder(["snapshots", "import", "fourth", ...fromHost, file, "--wait"], {
		LARDER_HOME: larder.home.root,
	});
	expect(refused.exitCode).not.toBe(0);
	expect(refused.stderr).toContain("LARDER_IMPORT_DIRECTORIES");
});
