import { Redis } from "ioredis";
import { credentialsSchema } from "../../server/contract/cache-view.ts";
import { clipboardOf, expect, test } from "./console-test.ts";

test("a cache is created by clicks, used by a client, restored, and deleted by typing its name", async ({
	page,
	installation,
}) => {
	await page.goto("/caches");
	await page.getByRole("link", { name: "Create cache" }).first().click();
	await page.getByRole("group", { name: "Mode" }).getByText("Custom").click();

	await test.step("the form refuses what the API would refuse, and keeps what was typed", async () => {
		await page.getByLabel("Name").fill("Orders--1");
		await page.getByRole("button", { name: /^Placement and port/ }).click();
		await page.getByRole("button", { name: /^Parameters and tags/ }).click();
		await page.getByLabel("Description").fill("open orders");
		await page.getByRole("textbox", { name: /^Port/ }).fill("80");
		await page.getByRole("button", { name: "Create cache" }).click();
		await expect(page.getByText("Name can't contain two hyphens in a row.")).toBeVisible();
		await expect(page.getByText("Port must be 1024 to 55535.")).toBeVisible();
		await expect(page.getByLabel("Name")).toBeFocused();
		await page.getByLabel("Name").fill("orders");
		await page.getByRole("textbox", { name: /^Port/ }).fill("");
		await expect(page.getByLabel("Description")).toHaveValue("open orders");
	});

	await test.step("the summary follows the choices", async () => {
		await page.getByRole("button", { name: "Increase Replicas per shard" }).click();
		const placement = page.getByRole("table", { name: "Expected placement by zone" });
		await expect(placement.getByText("Replica 2")).toBeVisible();
		await expect(page.getByRole("region", { name: "command" })).toContainText("--replicas 2");
	});

	await test.step("it becomes available, and says so", async () => {
		await page.getByRole("button", { name: "Create cache" }).click();
		await expect(page).toHaveURL(/\/caches\/orders$/);
		await expect(page.getByText("orders is available", { exact: true })).toBeVisible();
		await expect(page.locator("main [data-status]").first()).toHaveAttribute(
			"data-status",
			"available",
		);
		await expect(page.locator("[data-node]")).toHaveCount(3);
	});

	const { host, port } = await test.step("its endpoint can be copied", async () => {
		await page.getByRole("button", { name: "Copy primary endpoint" }).click();
		const [name, number] = (await clipboardOf(page)).split(":");
		return { host: name ?? "", port: Number(number) };
	});

	const password = await test.step("its password is shown when asked for", async () => {
		await page.getByRole("button", { name: "Connect", exact: true }).click();
		await expect(page).toHaveURL(/tab=connect/);
		const secret = page.locator("[data-secret]");
		await expect(secret).toHaveAttribute("data-secret", "hidden");
		await page.getByRole("button", { name: "Reveal password" }).click();
		await expect(secret).toHaveAttribute("data-secret", "shown");
		const shown = (await secret.textContent()) ?? "";
		await expect(page.getByRole("region", { name: "snippet" })).toContainText(shown);
		return shown;
	});

	await test.step("a client writes and reads with what the page gave", async () => {
		const client = new Redis({ host, port, password, maxRetriesPerRequest: 1 });
		await client.set("greeting", "hello");
		expect(await client.get("greeting")).toBe("hello");
		client.disconnect();
	});

	await test.step("a strategy's snippet has the endpoint and the password, for the client chosen", async () => {
		await page.getByRole("group", { name: "Use" }).getByText("Lazy loading").click();
		await page.getByRole("group", { name: "Client" }).getByText("node-redis").click();
		const snippet = page.getByRole("region", { name: "snippet" });
		for (const part of ["cacheAside({", "createClient({", String(port), password]) {
			await expect(snippet).toContainText(part);
		}
		await expect(page.getByRole("group", { name: "Endpoint" })).toBeHidden();
		await page.getByRole("group", { name: "Use" }).getByText("Connect").click();
	});

	await test.step("a replica is removed on request; a field says what isn't allowed", async () => {
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Modify" }).click();
		const form = page.getByRole("form", { name: "Modify orders" });
		const apply = form.getByRole("button", { name: "Apply changes" });
		const fewer = form.getByRole("button", { name: "Decrease Replicas per shard" });
		await fewer.click();
		await expect(form.getByRole("region", { name: "Steps" })).toContainText(/Remove orders-00\d/);
		await fewer.click();
		await expect(form.getByText(/Replicas per shard can't be 0 while/)).toBeVisible();
		await expect(apply).toBeDisabled();
		await form.getByRole("button", { name: "Increase Replicas per shard" }).click();
		await expect(apply).toBeEnabled();
		await form.getByRole("button", { name: /Node type/ }).click();
		await page.getByRole("option", { name: "cache.r7g.16xlarge" }).click();
		await expect(form.getByText("This change can't start now").first()).toBeVisible();
		await expect(apply).toBeDisabled();
		await form.getByRole("button", { name: /Node type/ }).click();
		await page.getByRole("option", { name: "cache.t4g.micro" }).click();
		await apply.click();
		await expect(page.getByText("orders is being modified", { exact: true })).toBeVisible();
		await page.getByRole("tab", { name: "Overview" }).click();
		await expect(page.locator("[data-node]")).toHaveCount(2);
	});

	await test.step("a snapshot of it is taken, and becomes available", async () => {
		await page.getByRole("tab", { name: "Backups" }).click();
		await page.getByRole("button", { name: "Take snapshot" }).click();
		const dialog = page.getByRole("dialog", { name: "Take a snapshot of orders" });
		await expect(dialog.getByLabel("Name")).toHaveValue(/^orders-\d{4}-\d\d-\d\d-\d{4}$/);
		await dialog.getByLabel("Name").fill("before-release");
		await dialog.getByRole("button", { name: "Take snapshot" }).click();
		const notice = page.getByText("Snapshot before-release is available", { exact: true });
		await expect(notice).toBeVisible();
		await page
			.getByRole("table", { name: "Snapshots of orders" })
			.getByRole("link")
			.first()
			.click();
		await expect(page.locator("main [data-status]").first()).toHaveAttribute(
			"data-status",
			"available",
		);
		await expect(page.getByRole("button", { name: "Copy SHA-256 of shard 1" })).toBeVisible();
	});

	await test.step("a new cache begins with its keys", async () => {
		await page.getByRole("link", { name: "Restore", exact: true }).click();
		await expect(page.getByRole("region", { name: "The same" })).toContainText("cache.t4g.micro");
		await expect(page.getByRole("region", { name: "Different" })).not.toContainText("Node type");
		await page.getByRole("button", { name: "Increase Replicas per shard" }).click();
		await expect(page.getByRole("region", { name: "Different" })).toContainText("Replicas");
		await page.getByRole("button", { name: "Decrease Replicas per shard" }).click();
		await expect(page.getByRole("region", { name: "command" })).toContainText(
			"--from-snapshot before-release",
		);
		await page.getByLabel("Name").fill("orders-again");
		await page.getByRole("button", { name: "Restore into new cache" }).click();
		await expect(page.getByText("orders-again is available", { exact: true })).toBeVisible();
		const path = "/caches/orders-again/credentials";
		const secret = credentialsSchema.parse((await installation.rest("GET", path)).body).password;
		const primary = (await installation.getCache("orders-again"))?.endpoints.primary;
		const client = new Redis({ ...primary, password: secret ?? "", maxRetriesPerRequest: 1 });
		expect(await client.get("greeting")).toBe("hello");
		client.disconnect();
		await installation.deleteCache("orders-again");
	});

	await test.step("it is deleted only once its name is typed, after a final snapshot", async () => {
		await page.goto("/caches/orders");
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Delete" }).click();
		const dialog = page.getByRole("dialog", { name: "Delete orders?" });
		const confirm = dialog.getByRole("button", { name: "Delete cache" });
		await dialog.getByLabel("Type orders to confirm").fill("order");
		await expect(confirm).toBeDisabled();
		await dialog.getByLabel("Type orders to confirm").fill("orders");
		await dialog.getByLabel("Name of the final snapshot").fill("orders-final");
		await confirm.click();
		await expect(page.getByRole("heading", { name: "orders was deleted" })).toBeVisible();
		await page.getByRole("link", { name: "Go to all caches" }).click();
		await expect(page.getByRole("heading", { name: "Create your first cache" })).toBeVisible();
		await page.goto("/backups?kind=final");
		await expect(page.getByRole("link", { name: "orders-final" })).toBeVisible();
	});
});

test("a name that is taken is reported at the name field", async ({ page, installation }) => {
	await installation.createCache({ name: "taken" });
	await page.goto("/caches/create");
	await page.getByLabel("Name").fill("taken");
	await page.getByRole("button", { name: "Create cache" }).click();
	await expect(page.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
	await expect(page.getByLabel("Name")).toHaveAccessibleDescription(/taken/);
	await installation.deleteCache("taken");
});

test("the list filters by name, keeps the filter in the address, and says when nothing matches", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "sessions", description: "logins" });
	await page.goto("/caches");
	await expect(page.getByRole("link", { name: "sessions" })).toBeVisible();
	await page.getByRole("searchbox", { name: /Search caches/ }).fill("nothing-like-it");
	await expect(page.getByRole("heading", { name: "No cache matches" })).toBeVisible();
	await expect(page).toHaveURL(/search=nothing-like-it/);
	await page.getByRole("button", { name: "Clear filters" }).click();
	await expect(page.getByRole("link", { name: "sessions" })).toBeVisible();
	await installation.deleteCache("sessions");
});
