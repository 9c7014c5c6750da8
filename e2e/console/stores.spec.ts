import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { TestBucket } from "../../platform/testing/test-bucket.ts";
import { snapshotSchema } from "../../server/contract/snapshot.ts";
import { storeListSchema } from "../../server/contract/store.ts";
import { clipboardOf, expect, test } from "./console-test.ts";

const rowOf = (page: Page, name: string) =>
	page.getByRole("table", { name: "Stores" }).locator("tbody tr", { hasText: name });

async function act(page: Page, name: string, action: string): Promise<void> {
	await page.getByRole("button", { name: `Actions for ${name}` }).click();
	await page.getByRole("menuitem", { name: action, exact: true }).click();
}

test("stores are created after a test, changed, tried, used, and deleted only once nothing is in them", async ({
	page,
	installation,
}) => {
	test.slow();
	const bucket = await TestBucket.start();
	const { endpoint, bucket: bucketName, credentials } = bucket.settings;
	const nas = join(installation.home.root, "nas");
	await page.goto("/stores");
	await expect(rowOf(page, "local")).toContainText("Default");
	const create = page.getByRole("dialog", { name: "Create a store" });
	const submit = create.getByRole("button", { name: "Test and create" });

	await test.step("a directory", async () => {
		await page.getByRole("button", { name: "Create store" }).click();
		await submit.click();
		await expect(create.getByText("A store name is required.")).toBeVisible();
		await create.getByLabel("Name").fill("nas");
		await create.getByLabel("Directory", { exact: true }).last().fill("nas");
		await expect(create.getByText(/Path must be absolute/)).toBeVisible();
		await create.getByLabel("Directory", { exact: true }).last().fill(nas);
		await submit.click();
		await expect(create).toHaveCount(0);
		await expect(rowOf(page, "nas")).toContainText("Reachable");
		await expect(rowOf(page, "nas")).toContainText(nas);
	});

	await test.step("an encrypted bucket: what is wrong loses nothing typed, the secret key is shown once", async () => {
		await page.getByRole("button", { name: "Create store" }).click();
		await create.getByLabel("Name").fill("offsite");
		await create.getByText("S3-compatible bucket").click();
		await create.getByLabel("Bucket", { exact: true }).fill(bucketName);
		await create.getByLabel("Prefix").fill("larder");
		await create.getByLabel("Endpoint").fill(endpoint ?? "");
		await create.getByLabel("Access key ID").fill(credentials.accessKeyId);
		await create.getByLabel("Secret access key").fill("wrong");
		await create.getByRole("button", { name: /Encryption/ }).click();
		await page.getByRole("option", { name: "age, with a new key" }).click();
		await submit.click();
		await expect(create.getByRole("alert")).toContainText("wasn't created");
		await expect(create.getByLabel("Bucket", { exact: true })).toHaveValue(bucketName);
		await create.getByLabel("Secret access key").fill(credentials.secretAccessKey);
		await submit.click();
		const shown = page.getByRole("dialog", { name: "Secret key of store offsite" });
		await shown.getByRole("button", { name: "Copy secret key" }).click();
		await expect.poll(() => clipboardOf(page)).toMatch(/^AGE-SECRET-KEY-1/);
		await shown.getByRole("button", { name: "I have stored it" }).click();
		await expect(rowOf(page, "offsite")).toContainText(`s3://${bucketName}/larder/`);
		await expect(rowOf(page, "offsite")).toContainText("age");
		const { body } = await installation.rest("GET", "/stores");
		const names = storeListSchema.parse(body).items.map(({ name }) => name);
		expect(names).toEqual(expect.arrayContaining(["local", "nas", "offsite"]));
		expect(JSON.stringify(body)).not.toContain("secretAccessKey");
	});

	await test.step("a store that fails says why, in the list and on request", async () => {
		bucket.fault = () => ({ kind: "status", status: 503, code: "SlowDown" });
		await act(page, "offsite", "Test");
		await expect(page.getByText("Store offsite doesn't work", { exact: true })).toBeVisible();
		await expect(rowOf(page, "offsite")).toContainText("can't be reached");
		bucket.fault = () => null;
		await act(page, "offsite", "Test");
		await expect(rowOf(page, "offsite")).toContainText("Reachable");
	});

	await test.step("its settings are tried before they are kept", async () => {
		await act(page, "offsite", "Modify");
		const modify = page.getByRole("dialog", { name: "Modify offsite" });
		const save = modify.getByRole("button", { name: "Test and save" });
		await expect(save).toBeDisabled();
		await modify.getByLabel("Secret access key").fill("wrong");
		await save.click();
		await expect(modify.getByRole("alert")).toContainText("The store wasn't changed");
		await modify.getByLabel("Secret access key").fill("");
		await modify.getByLabel("Region").fill("eu-central-1");
		await save.click();
		await expect(page.getByText("Store offsite works with its new settings")).toBeVisible();
	});

	await test.step("the control plane backs itself up into one", async () => {
		const panel = page
			.getByRole("region", { name: /Backups of the control plane/ })
			.or(page.locator("section", { hasText: "Backups of the control plane" }));
		await page.getByRole("button", { name: "Set a schedule" }).click();
		const dialog = page.getByRole("dialog", { name: "Back up the control plane" });
		await dialog.getByRole("button", { name: /Store/ }).click();
		await page.getByRole("option", { name: "nas" }).click();
		await dialog.getByLabel("Passphrase", { exact: true }).fill("correct horse battery");
		await dialog.getByLabel("Passphrase again").fill("correct horse");
		await expect(dialog.getByText("The two passphrases differ.")).toBeVisible();
		await dialog.getByLabel("Passphrase again").fill("correct horse battery");
		await dialog.getByRole("button", { name: "Set schedule" }).click();
		const backups = page.getByRole("table", { name: "Newest backups" });
		await expect(backups.locator("tbody tr")).toHaveCount(1);
		await expect(panel.first().locator("[data-status=succeeded]")).toBeVisible();
		expect(readdirSync(join(nas, "control-plane"))).toHaveLength(1);
		await page.getByRole("button", { name: "Back up now" }).click();
		await expect(backups.locator("tbody tr")).toHaveCount(2);
		await expect(rowOf(page, "nas")).toContainText("Backups");
	});

	await test.step("a store with something in it isn't deleted, and says what stands against it", async () => {
		await installation.createCache({ name: "kept" });
		await installation.waitForStatus("kept", "available", 60_000);
		const body = { name: "kept-1", cache: "kept", store: "nas" };
		await installation.rest("POST", "/snapshots", { body });
		await expect(rowOf(page, "nas").getByRole("link", { name: "1" })).toBeVisible();
		await act(page, "nas", "Delete");
		const dialog = page.getByRole("dialog", { name: "Delete nas?" });
		await expect(dialog).toContainText("It keeps 1 snapshot");
		await expect(dialog).toContainText("The control plane backs itself up to it");
		await expect(dialog.getByRole("button", { name: "Delete store" })).toBeDisabled();
		const refused = await installation.rest("DELETE", "/stores/nas");
		expect(JSON.stringify(refused.body)).toMatch(/snapshot kept-1 is in it.*backs itself up to it/);
		await dialog.getByRole("link", { name: "Show it" }).click();
		await expect(page).toHaveURL(/\/backups\?store=nas/);
		await expect(page.getByRole("link", { name: "kept-1" })).toBeVisible();
		await expect
			.poll(async () => {
				const answer = await installation.rest("GET", "/snapshots/kept-1");
				return snapshotSchema.parse(answer.body).status;
			})
			.toBe("available");
		await installation.rest("DELETE", "/snapshots/kept-1");
		await installation.deleteCache("kept");
		await page.goto("/stores");
		await page.getByRole("button", { name: "End", exact: true }).click();
		await page.getByRole("button", { name: "End schedule" }).click();
		await expect(page.getByText("The control plane isn't backed up")).toBeVisible();
		for (const name of ["nas", "offsite"]) {
			await expect(rowOf(page, name)).toContainText("0 B");
			await act(page, name, "Delete");
			await page.getByRole("button", { name: "Delete store" }).click();
			await expect(rowOf(page, name)).toHaveCount(0);
		}
	});
	await bucket.close();
});
