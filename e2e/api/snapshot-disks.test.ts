import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import {
	fillDisk,
	mountSmallDisk,
	unmountSmallDisk,
	whyNoSmallDisk,
} from "../../platform/testing/small-disk.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import {
	getSnapshot,
	passingFiles,
	removeSnapshot,
	requestSnapshot,
	storedFiles,
	untilTaken,
} from "../fixtures/snapshots.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { connectTo } from "../fixtures/write-paths.ts";

const DATA_MIB = 12;
/** Besides the data, a host keeps 256 MiB free for its engines. */
const HOST_MIB = 300;
const FILLER_MIB = 60;
const STORE_MIB = 24;

let larder: Installation;
let parent: string;
let disk: string;

/** Full disks, as small file systems in memory. */
describe.skipIf(whyNoSmallDisk() !== null)("a full disk", () => {
	beforeAll(async () => {
		parent = makeOwnedDirectory("larder-disk-");
		disk = join(parent, "disk");
		mountSmallDisk(disk, STORE_MIB);
		larder = await startInstallation({ agents: ["local-a"], smallDisks: { "local-a": HOST_MIB } });
		const path = join(disk, "store");
		const { status } = await larder.rest("POST", "/stores", { body: { name: "small", path } });
		expect(status).toBeLessThan(300);
		await larder.createCache({ name: "orders", auth: "none", replicasPerShard: 0 });
		const cache = await larder.waitForStatus("orders", "available", 60_000);
		const client = await connectTo(requireEndpoint(cache, "primary"), null, 10_000);
		const value = Buffer.alloc(1024 ** 2, "v");
		for (let n = 0; n < DATA_MIB; n += 1) await client.set(`key:${n}`, value);
		client.disconnect();
	});
	afterAll(async () => {
		await larder?.stop();
		unmountSmallDisk(disk);
		rmSync(parent, { recursive: true });
	});

	const reasonOf = async (name: string) => (await getSnapshot(larder, name))?.statusReason ?? null;
	const waitsFor = (name: string, reason: RegExp) =>
		waitUntil(`${name} to say why it waits`, async () => reason.test((await reasonOf(name)) ?? ""));

	it("of the host ends a snapshot with the reason, and the next one finds room again", async () => {
		await requestSnapshot(larder, "good", "orders");
		expect(await untilTaken(larder, "good")).toMatchObject({ status: "available", keys: DATA_MIB });
		const filler = join(larder.home.agentDir("local-a"), "filler");
		writeFileSync(filler, Buffer.alloc(FILLER_MIB * 1024 ** 2));
		await requestSnapshot(larder, "full", "orders");
		const failed = await untilTaken(larder, "full", 60_000);
		expect(failed).toMatchObject({ status: "failed" });
		expect(failed.statusReason).toMatch(
			/reserve of 0\.25 GiB for its engines must fit; free some space/,
		);
		expect(passingFiles(larder)).toEqual([]);
		await removeSnapshot(larder, "full");
		expect(storedFiles(larder)).toHaveLength(2);
		// Without a byte, its agent can't even keep what it is told.
		const makeRoom = fillDisk(larder.home.agentDir("local-a"));
		await waitUntil("the host to say so", async () => {
			const { body } = await larder.rest("GET", "/hosts/local-a");
			return JSON.stringify(body).includes("disk-full");
		});
		await requestSnapshot(larder, "later", "orders");
		await waitsFor("later", /^The disk of host local-a is full\. Free some space there\.$/);
		makeRoom();
		expect(await untilTaken(larder, "later", 60_000)).toMatchObject({
			status: "available",
			keys: DATA_MIB,
		});
		await removeSnapshot(larder, "later");
	});

	it("of the store makes a snapshot wait with the reason until there is room, and loses nothing", async () => {
		const makeRoom = fillDisk(disk);
		await requestSnapshot(larder, "waiting", "orders", "small");
		await waitsFor("waiting", /has room for 0 MiB more.*Free some space, or delete snapshots/);
		expect(await getSnapshot(larder, "waiting")).toMatchObject({ status: "creating" });
		makeRoom();
		expect(await untilTaken(larder, "waiting", 60_000)).toMatchObject({ status: "available" });
		// There is room for one of them.
		const body = { target: "second", store: "small" };
		expect(await larder.rest("POST", "/snapshots/good/copy", { body })).toMatchObject({
			status: 202,
		});
		await waitsFor("second", /Free some space, or delete snapshots/);
		await removeSnapshot(larder, "waiting");
		expect(await untilTaken(larder, "second", 60_000)).toMatchObject({ status: "available" });
		await removeSnapshot(larder, "second");
		await larder.createCache({
			name: "again",
			snapshot: "good",
			auth: "none",
			replicasPerShard: 0,
		});
		await larder.waitForStatus("again", "available", 60_000);
		await removeSnapshot(larder, "good");
		expect(storedFiles(larder)).toEqual([]);
	});
});
