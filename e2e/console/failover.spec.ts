import { expect, test } from "./console-test.ts";

test("a planned failover by clicks: another node leads, and the measured pause is shown", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "orders", replicasPerShard: 2 });
	const before = await installation.waitForStatus("orders", "available");
	const nodes = before.shards.flatMap((shard) => shard.nodes);
	const primary = nodes.find((node) => node.role === "primary")?.id ?? "";
	const target = nodes.find((node) => node.role === "replica")?.id ?? "";
	await page.goto("/caches/orders");
	const leads = (id: string) => page.locator(`[data-node="${id}"]`).getByText(/^Primary/);
	await expect(leads(primary)).toBeVisible();
	await expect(page.getByText("None yet")).toBeVisible();

	await test.step("the dialog says what happens and offers a choice of new primary", async () => {
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Fail over" }).click();
		const dialog = page.getByRole("dialog", { name: "Fail over orders?" });
		await expect(dialog.getByText(/no write is lost/)).toBeVisible();
		await dialog.getByRole("button", { name: /New primary/ }).click();
		await page.getByRole("option", { name: target }).click();
		await expect(dialog.getByText(`until ${target} has caught up`)).toBeVisible();
		await dialog.getByRole("button", { name: "Fail over" }).click();
		await expect(dialog).toBeHidden();
	});

	await test.step("the notice, the topology and the overview show it", async () => {
		await expect(page.getByText(`${target} is now the primary`, { exact: true })).toBeVisible();
		await expect(page.getByText(/^Writes paused for .+ ms\.$/)).toBeVisible();
		await expect(leads(target)).toBeVisible();
		await expect(leads(primary)).toBeHidden();
		const last = page.getByRole("region", { name: "Last failover" });
		await expect(last).toContainText(primary);
		await expect(last).toContainText(target);
		await expect(last).toContainText(/writes paused for .+ ms/);
		await expect(last).toContainText("A user requested it.");
	});

	const after = await installation.waitForStatus("orders", "available");
	expect(after.lastFailover).toMatchObject({ kind: "planned", from: primary, to: target });
	await installation.deleteCache("orders");
});

test("a shard of a cluster fails over, and slots move, with the topology's buttons", async ({
	page,
	installation,
}) => {
	await installation.createCache({
		name: "sessions",
		clusterMode: "enabled",
		shards: 3,
		replicasPerShard: 1,
	});
	await installation.waitForStatus("sessions", "available");
	await page.goto("/caches/sessions");
	await page.getByRole("button", { name: "Fail over shard 2" }).click();
	const dialog = page.getByRole("dialog", { name: "Fail over shard 2 of sessions?" });
	await dialog.getByRole("button", { name: "Fail over" }).click();
	const notice = page.getByText(/^sessions-0002-\d+ is now the primary$/);
	await expect(notice).toBeVisible();
	const leader = ((await notice.textContent()) ?? "").replace(" is now the primary", "");
	await expect(page.getByText(new RegExp(`${leader} took over .* as requested`))).toBeVisible();
	await expect(page.locator(`[data-node="${leader}"]`).getByText(/^Primary/)).toBeVisible();
	await installation.waitForStatus("sessions", "available");

	await test.step("slots are set by hand, after a preview", async () => {
		await page.getByRole("button", { name: "Move slots" }).click();
		const move = page.getByRole("dialog", { name: "Move slots of sessions" });
		await move.getByText("By hand").click();
		const slots = move.getByLabel("Slots of each shard");
		await slots.fill("0-99\n100-10921\n10923-16383");
		await expect(move.getByText("Slot 10922 isn't assigned to any shard.")).toBeVisible();
		await slots.fill("0-99\n100-10921\n10922-16383");
		await expect(move.getByText("Move 5361 slots with their keys from shard 0001.")).toBeVisible();
		await move.getByRole("button", { name: "Move slots" }).click();
		await expect(move).toBeHidden();
		await expect(page.getByText("100–10921")).toBeVisible();
	});
	await installation.deleteCache("sessions");
});

test("a cache without a replica says why it can't fail over", async ({ page, installation }) => {
	await installation.createCache({ name: "alone" });
	await installation.waitForStatus("alone", "available");
	await page.goto("/caches/alone");
	await page.getByRole("button", { name: "Actions", exact: true }).click();
	const item = page.getByRole("menuitem", { name: /^Fail over/ });
	await expect(item).toHaveAttribute("aria-disabled", "true");
	await expect(item).toContainText("There is no replica to fail over to.");
	await expect(page.getByRole("button", { name: /^Fail over shard/ })).toHaveCount(0);
	await installation.deleteCache("alone");
});

test("where replicas are chosen, the wizard says what a cut-off primary does", async ({ page }) => {
	await page.goto("/caches/create?mode=custom");
	const note = page.locator("[data-write-guard]");
	await expect(page.getByRole("group", { name: "Availability" })).toBeVisible();
	await expect(note).toHaveCount(0);
	await page.getByRole("button", { name: "Increase Replicas per shard" }).click();
	await expect(note).toHaveAttribute("data-write-guard", "1");
	await expect(note).toContainText("it stops accepting writes within seconds");
});
