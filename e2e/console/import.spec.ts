import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Redis } from "ioredis";
import { MIB } from "../../server/contract/limits.ts";
import { snapshotSchema } from "../../server/contract/snapshot.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import type { Installation } from "../fixtures/installation.ts";
import { expect, test } from "./console-test.ts";

const KEYS = 12_000;
const VALUE_BYTES = 512;
/** So that the upload takes long enough to be broken. */
const UPLOAD_BYTES_PER_SECOND = MIB;

/** A file of some MiB that an engine has written. */
async function realFile(installation: Installation): Promise<Buffer> {
	await installation.createCache({ name: "origin", auth: "none" });
	const cache = await installation.waitForStatus("origin", "available", 60_000);
	const client = new Redis({ ...requireEndpoint(cache, "primary"), maxRetriesPerRequest: 1 });
	for (let from = 0; from < KEYS; from += 1_000) {
		const pipeline = client.pipeline();
		for (let key = from; key < from + 1_000; key += 1) {
			// Hashes don't compress.
			const digest = createHash("sha512").update(`${key}`).digest();
			const value = Buffer.concat(
				Array.from({ length: VALUE_BYTES / 64 }, (_, part) =>
					createHash("sha512").update(digest).update(`${part}`).digest(),
				),
			);
			pipeline.set(`key:${key}`, value);
		}
		await pipeline.exec();
	}
	client.disconnect();
	await installation.rest("POST", "/snapshots", { body: { name: "taken", cache: "origin" } });
	await expect.poll(() => statusOf(installation, "taken")).toBe("available");
	const answer = await fetch(`${installation.url}/api/v1/snapshots/taken/download`, {
		headers: { authorization: `Bearer ${installation.adminToken}` },
	});
	return Buffer.from(await answer.arrayBuffer());
}

async function statusOf(installation: Installation, name: string): Promise<string> {
	const answer = await installation.rest("GET", `/snapshots/${name}`);
	return answer.status === 200 ? snapshotSchema.parse(answer.body).status : "missing";
}

/** Per cent of the upload's progress. */
async function sentPercent(page: Page): Promise<number> {
	const meter = page.getByRole("meter", { name: "Progress of the upload" });
	return Number(await meter.getAttribute("aria-valuenow"));
}

test("an RDB file is uploaded through a broken connection, a pause and a reload, and becomes a cache with all its keys", async ({
	page,
	installation,
}) => {
	test.setTimeout(300_000);
	const content = await realFile(installation);
	expect(content.length).toBeGreaterThan(6 * MIB);
	const file = join(installation.home.root, "dump.rdb");
	writeFileSync(file, content);
	const session = await page.context().newCDPSession(page);
	await session.send("Network.enable");
	const limit = (uploadThroughput: number) =>
		session.send("Network.emulateNetworkConditions", {
			...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput },
		});
	page.on("dialog", (dialog) => void dialog.accept());

	await test.step("the upload begins, and shows how far it is", async () => {
		await page.goto("/backups?dialog=import");
		const dialog = page.getByRole("dialog", { name: "Import RDB files" });
		await dialog.getByLabel("Name").fill("moved-in");
		await dialog.getByLabel("RDB files").setInputFiles(file);
		await limit(UPLOAD_BYTES_PER_SECOND);
		await dialog.getByRole("button", { name: "Import", exact: true }).click();
		await expect(page).toHaveURL(/\/backups\/moved-in$/);
		await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
		await expect.poll(() => sentPercent(page)).toBeGreaterThan(15);
	});

	await test.step("the control plane dies and comes back: the upload goes on where it was", async () => {
		await installation.killControlPlane();
		await expect(page.getByText("The connection broke off; trying again")).toBeVisible();
		await installation.startControlPlane();
		await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
		const { body } = await installation.rest("GET", "/snapshots/moved-in/upload");
		expect((body as { offset: number }).offset).toBeGreaterThan(0);
	});

	await test.step("it is paused, and continues with the same files", async () => {
		await page.getByRole("button", { name: "Pause" }).click();
		await expect(page.getByText("The upload is paused")).toBeVisible();
		const paused = await sentPercent(page);
		expect(paused).toBeLessThan(100);
		await page.getByRole("button", { name: "Continue", exact: true }).click();
		await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
	});

	await test.step("the page is reloaded: the file is chosen again, and the rest is sent", async () => {
		await page.reload();
		await expect(page.getByText("Waiting for its files")).toBeVisible();
		await limit(-1);
		await page.getByLabel("RDB files").setInputFiles(file);
		await page.getByRole("button", { name: "Continue the upload" }).click();
		await expect(page.locator("main [data-status]").first()).toHaveAttribute(
			"data-status",
			"available",
		);
		const answer = await installation.rest("GET", "/snapshots/moved-in");
		const { keys, shards } = snapshotSchema.parse(answer.body);
		expect(keys).toBe(KEYS);
		expect(shards[0]?.sha256).toBe(createHash("sha256").update(content).digest("hex"));
	});

	await test.step("a cache begins with it", async () => {
		await expect(page.getByText("None: its files were imported")).toBeVisible();
		await expect(page.getByText("The cache used group")).toBeHidden();
		await page.getByRole("link", { name: "Restore", exact: true }).click();
		await page.getByLabel("Name").fill("seeded");
		await page.getByRole("button", { name: "Restore into new cache" }).click();
		await expect(page.getByText("seeded is available", { exact: true })).toBeVisible();
		const { body } = await installation.rest("GET", "/caches/seeded/credentials");
		const { password } = body as { password: string };
		const cache = await installation.waitForStatus("seeded", "available");
		const client = new Redis({ ...requireEndpoint(cache, "primary"), password });
		expect(await client.dbsize()).toBe(KEYS);
		client.disconnect();
		await installation.deleteCache("seeded");
	});

	await test.step("files that are in a store already are imported from there", async () => {
		const nas = join(installation.home.root, "shelf");
		const body = { name: "shelf", path: nas };
		await installation.rest("POST", "/stores", { body });
		mkdirSync(join(nas, "imports"));
		writeFileSync(join(nas, "imports", "dump.rdb"), content);
		await page.goto("/stores");
		await page.getByRole("button", { name: "Actions for shelf" }).click();
		await page.getByRole("menuitem", { name: "Import RDB files from it" }).click();
		const dialog = page.getByRole("dialog", { name: "Import RDB files" });
		await dialog.getByLabel("Name").fill("from-shelf");
		await expect(dialog.getByRole("button", { name: "Import", exact: true })).toBeDisabled();
		await dialog.getByText("imports/dump.rdb").click();
		await dialog.getByRole("button", { name: "Import", exact: true }).click();
		await expect(page.getByText("Snapshot from-shelf is available", { exact: true })).toBeVisible();
	});

	await test.step("a host's file needs its operator's permission, and says which", async () => {
		await page.goto("/backups?dialog=import");
		const dialog = page.getByRole("dialog", { name: "Import RDB files" });
		await dialog.getByLabel("Name").fill("from-host");
		await dialog.getByText("A host", { exact: true }).click();
		await dialog.getByRole("button", { name: /Host/ }).click();
		await page.getByRole("option", { name: "local-a" }).click();
		await dialog.getByLabel("Paths on the host").fill("dump.rdb");
		await expect(dialog.getByText("dump.rdb isn't an absolute path.")).toBeVisible();
		await dialog.getByLabel("Paths on the host").fill(file);
		await dialog.getByRole("button", { name: "Import", exact: true }).click();
		await expect(page.getByText("This snapshot failed")).toBeVisible();
		await expect(page.locator("main")).toContainText("LARDER_IMPORT_DIRECTORIES");
	});
	for (const name of ["taken", "moved-in", "from-shelf", "from-host"]) {
		await installation.rest("DELETE", `/snapshots/${name}`);
	}
	await installation.deleteCache("origin");
	await expect
		.poll(async () => (await installation.rest("DELETE", "/stores/shelf")).status)
		.toBe(200);
});
