import { rmSync } from "node:fs";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { type BareEngine, startBareEngine } from "../fixtures/bare-engines.ts";
import { openClient, passwordOf, requireEndpoint } from "../fixtures/engine-clients.ts";
import { expect, test } from "./console-test.ts";

const PASSWORD = "of-the-source";
const KEYS = 5_000;
let directory: string;
let source: BareEngine;

test.beforeAll(async () => {
	directory = makeOwnedDirectory("larder-move-in-");
	source = await startBareEngine("redis", "7", directory);
	await source.client.call("DEBUG", "POPULATE", KEYS, "key", 100);
	await source.client.call(
		...(["ACL", "SETUSER", "mover", "on", `>${PASSWORD}`, "~*", "&*", "+@all"] as const),
	);
});
test.afterAll(async () => {
	await source.stop();
	rmSync(directory, { recursive: true, force: true });
});

test("a running engine's data moves into a cache by clicks, with its checks, its lag and its pause in sight", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "moved", replicasPerShard: 1 });
	await installation.waitForStatus("moved", "available");
	await page.goto("/caches/moved");
	const begin = async (password: string) => {
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Move data in…" }).click();
		const dialog = page.getByRole("dialog", { name: "Move data into moved" });
		await dialog.getByLabel("Host").fill("127.0.0.1");
		await dialog.getByLabel("Port").fill(String(source.port));
		await dialog.getByLabel(/^User/).fill("mover");
		await dialog.getByLabel(/^Password/).fill(password);
		const start = dialog.getByRole("button", { name: "Check and start" });
		// What the cache holds will be deleted: that has to be confirmed.
		await expect(start).toBeDisabled();
		await dialog.getByText("Replace the data of moved").click();
		await start.click();
		await expect(dialog).toBeHidden();
	};

	await test.step("a source that refuses the login is said, and nothing is deleted", async () => {
		await begin("wrong");
		await expect(page.getByText(`Migration failed from 127.0.0.1:${source.port}`)).toBeVisible();
		await expect(page.getByText(/refuses the login/).first()).toBeVisible();
	});

	await test.step("the copy, what was checked, and the lag", async () => {
		await begin(PASSWORD);
		await expect(page.getByText("Following the source")).toBeVisible();
		await expect(page.getByText(/5k of 5k keys/)).toBeVisible();
		await expect(page.getByText(/^Lag /)).toBeVisible();
		await page.getByRole("button", { name: /What was checked/ }).click();
		await expect(page.getByText(/primary, Redis 7.* 5,000 keys/)).toBeVisible();
		await source.client.set("written later", "1");
	});

	await test.step("the pause is said before and after", async () => {
		await page.getByRole("button", { name: "Complete…" }).click();
		const dialog = page.getByRole("dialog", { name: /^Let moved take the place of/ });
		await expect(dialog.getByText(/Writes will pause for about/)).toBeVisible();
		await dialog.getByRole("button", { name: "Complete migration" }).click();
		await expect(page.getByText(`Moved in from 127.0.0.1:${source.port}`)).toBeVisible();
		await expect(page.getByText(/moved leads now\. Writes paused for .+/)).toBeVisible();
	});

	const cache = await installation.waitForStatus("moved", "available");
	const client = openClient(
		requireEndpoint(cache, "primary"),
		await passwordOf(installation, "moved"),
	);
	expect(await client.dbsize()).toBe(KEYS + 1);
	await client.set("taken", "1");
	client.disconnect();
	await page.goto("/caches/moved?tab=events");
	await expect(page.getByText(/has taken the place of 127\.0\.0\.1/).first()).toBeVisible();
	await installation.deleteCache("moved");
});

test("a migration is canceled by clicks", async ({ page, installation }) => {
	await installation.createCache({ name: "given-up", clusterMode: "enabled", shards: 2 });
	await installation.waitForStatus("given-up", "available");
	const body = {
		...{ host: "127.0.0.1", port: source.port, username: "mover", password: PASSWORD },
		replaceData: true,
	};
	await installation.rest("POST", "/caches/given-up/migration", { body });
	await page.goto("/caches/given-up");
	await expect(page.getByText("Following the source")).toBeVisible();
	await page.getByRole("button", { name: "Cancel migration" }).click();
	const dialog = page.getByRole("dialog", { name: "Cancel the migration into given-up?" });
	await dialog.getByRole("button", { name: "Cancel migration" }).click();
	await expect(page.getByText(`Migration canceled from 127.0.0.1:${source.port}`)).toBeVisible();
	await installation.deleteCache("given-up");
});
