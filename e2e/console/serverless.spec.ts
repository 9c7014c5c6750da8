import { expect, test } from "./console-test.ts";
import { expectAvailable, search } from "./find-and-create.ts";

test("serverless: a name makes a cache, whose limits change while it serves", async ({
	page,
	installation,
}) => {
	await page.goto("/caches");
	await search(page, "serverless");
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/caches\/create\?kind=serverless/);
	await expect(page.getByRole("radio", { name: /^Serverless/ })).toBeChecked();
	await expect(page.getByLabel("Name")).toBeFocused();
	await page.keyboard.type("feed");

	await test.step("limits are folded away, checked at their fields, and part of the code", async () => {
		await expect(page.locator('input[name="storageMax"]')).toBeHidden();
		await page.getByRole("button", { name: /^Limits and options/ }).click();
		const maximum = page.locator('input[name="storageMax"]');
		await maximum.fill("5001");
		await page.getByRole("button", { name: "Create cache" }).click();
		await expect(maximum).toBeFocused();
		await expect(maximum).toHaveAccessibleDescription(/between 1 and 5000\. Leave it empty/);
		await maximum.fill("2");
		const command = page.getByRole("region", { name: "command" });
		await expect(command).toContainText("--kind serverless");
		await expect(command).toContainText("--storage-max 2");
		await page.getByRole("group", { name: "As code" }).getByText("REST").click();
		await expect(command).toContainText('"kind": "serverless"');
	});

	await test.step("its page speaks of use and limits; nodes are for operators", async () => {
		await page.getByRole("button", { name: "Create cache" }).click();
		await expectAvailable(page, "feed");
		await expect(page.getByRole("button", { name: "Copy configuration endpoint" })).toBeVisible();
		const meter = page.getByRole("meter", { name: "Data storage: used of its maximum" });
		await expect(meter).toHaveAttribute("aria-valuetext", /of 2 GB$/);
		await expect(page.locator("[data-node]")).toHaveCount(0);
		await page.getByRole("tab", { name: "For operators" }).click();
		await expect(page.locator("[data-node]")).toHaveCount(2);
	});

	await test.step("new limits are said before they apply", async () => {
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Modify limits" }).click();
		const dialog = page.getByRole("dialog", { name: "Modify limits of feed" });
		const apply = dialog.getByRole("button", { name: "Apply limits" });
		await expect(apply).toBeDisabled();
		await dialog.locator('input[name="storageMax"]').fill("4");
		await dialog.locator('input[name="ecpuMax"]').fill("20,000");
		const difference = dialog.getByRole("region", { name: "What changes" });
		await expect(difference).toContainText("2 GB → 4 GB");
		await expect(difference).toContainText("none → 20,000 ECPU/s");
		await apply.click();
		await expect(dialog).toBeHidden();
		expect((await installation.getCache("feed"))?.limits).toEqual({
			dataStorageGb: { min: null, max: 4 },
			ecpuPerSecond: { min: null, max: 20_000 },
		});
	});

	await test.step("the list tells kinds apart", async () => {
		await page.goto("/caches?kind=provisioned");
		await expect(page.getByRole("heading", { name: "No cache matches" })).toBeVisible();
		await page.goto("/caches?kind=serverless");
		await expect(page.getByRole("row", { name: /feed/ })).toContainText("of 4 GB");
		await page.getByRole("link", { name: "feed" }).click();
	});

	await test.step("it is deleted by typing its name", async () => {
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Delete" }).click();
		const dialog = page.getByRole("dialog", { name: "Delete feed?" });
		await expect(dialog).not.toContainText("node");
		await dialog.getByLabel("Type feed to confirm").fill("feed");
		await dialog.getByRole("button", { name: "Delete cache" }).click();
		await expect(page.getByRole("heading", { name: "feed was deleted" })).toBeVisible();
	});
});

test("serverless Memcached: one endpoint, no protocol to choose, and nodes for operators alone", async ({
	page,
	installation,
}) => {
	await page.goto("/caches/create?kind=serverless");
	await page.getByLabel("Name").fill("pages");
	await page.getByRole("button", { name: /^Limits and options/ }).click();
	await expect(page.getByRole("group", { name: "Protocol" })).toBeVisible();
	await page.locator("label").filter({ hasText: "Memcached" }).first().click();
	await expect(page.getByRole("group", { name: "Protocol" })).toHaveCount(0);
	await expect(page.locator('input[name="sleepMinutes"]')).toHaveCount(0);
	await expect(page.getByText("keys that move to a new node begin as misses")).toBeVisible();
	await page.locator('input[name="storageMax"]').fill("2");
	const command = page.getByRole("region", { name: "command" });
	await expect(command).toContainText("--engine memcached");
	await expect(command).not.toContainText("--protocol");
	await page.getByRole("button", { name: "Create cache" }).click();
	await expectAvailable(page, "pages");
	await expect(page.getByRole("button", { name: "Copy configuration endpoint" })).toBeVisible();
	await expect(page.locator("[data-node]")).toHaveCount(0);
	await page.getByRole("tab", { name: "For operators" }).click();
	await expect(page.locator("[data-node]")).toHaveCount(2);
	await page.goto("/caches/pages?tab=connect");
	const snippet = page.getByRole("region", { name: "snippet" });
	await expect(snippet).toBeVisible();
	await expect(snippet).not.toContainText("config get cluster");
	await installation.deleteCache("pages");
});

test("a standard cache gets the cluster protocol once what that means has been accepted", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "later", kind: "serverless", protocol: "standard" });
	await installation.waitForStatus("later", "available");
	await page.goto("/caches/later/modify");
	const form = page.getByRole("form", { name: "Modify later" });
	await form.getByText("Change to the cluster protocol").click();
	await expect(form.getByText("standard → cluster")).toBeVisible();
	await expect(form.getByText(/From here on, clients wait/)).toBeVisible();
	const apply = form.getByRole("button", { name: "Apply changes" });
	await expect(apply).toBeDisabled();
	await form.getByText("I understand that the change of the protocol can't be undone").click();
	await apply.click();
	await expect(page.getByText("Start the nodes in cluster mode").first()).toBeVisible();
	await expect(page.getByRole("button", { name: "Copy configuration endpoint" })).toBeVisible();
	await expectAvailable(page, "later");
	await installation.deleteCache("later");
});
