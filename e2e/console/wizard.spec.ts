import { expect, test } from "./console-test.ts";
import { expectAvailable, search } from "./find-and-create.ts";

test("by keyboard alone, from the search to a Memcached cache", async ({ page, installation }) => {
	await page.goto("/events");
	await search(page, "memcached");
	await expect(page.getByRole("option", { name: /Create a Memcached cache/ })).toHaveAttribute(
		"aria-selected",
		"true",
	);
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/caches\/create\?engine=memcached/);
	await expect(page.getByRole("radio", { name: /Simple key–value/ })).toBeChecked();
	await expect(page.getByLabel("Name")).toBeFocused();
	await page.keyboard.type("plain");
	await page.keyboard.press("Enter");
	await expectAvailable(page, "plain");
	await expect(page.locator("[data-node]")).toHaveCount(2);
	await expect(page.getByRole("button", { name: "Copy configuration endpoint" })).toBeVisible();
	await page.goto("/caches/plain?tab=connect");
	await expect(page.getByRole("region", { name: "snippet" })).toContainText("config get cluster");
	await installation.deleteCache("plain");
});

test("Easy: a name and a purpose make a leaderboard, and the form says what it chooses", async ({
	page,
	installation,
}) => {
	await page.goto("/caches");
	await search(page, "create leaderboard");
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/purpose=leaderboard/);
	const choice = page.getByRole("region", { name: "What this chooses" });
	await expect(choice).toContainText("Valkey: 1 primary and 2 replicas spread over zones");
	await page.getByLabel("Name").fill("ranks");
	await page.getByRole("button", { name: "Create cache" }).click();
	await expectAvailable(page, "ranks");
	await expect(page.locator("[data-node]")).toHaveCount(3);
	await expect(page.getByText("Multi-AZ", { exact: true }).first()).toBeVisible();
	await expect(page.getByRole("button", { name: "Copy reader endpoint" })).toBeVisible();
	await installation.deleteCache("ranks");
});

test("Custom: a Redis OSS cluster is created by clicks, and its page shows shards with their slots", async ({
	page,
	installation,
}) => {
	await page.goto("/caches/create?mode=custom&engine=redis");
	await expect(page.getByRole("radio", { name: /Redis OSS/ })).toBeChecked();

	await test.step("choices that exclude each other say so beside the field", async () => {
		await expect(page.getByText("Always 1 with cluster mode off")).toBeVisible();
		await page.getByRole("button", { name: "Decrease Replicas per shard" }).click();
		await expect(page.getByRole("switch", { name: "Multi-AZ" })).toBeDisabled();
		await expect(page.getByText("Needs at least one replica per shard")).toBeVisible();
		await page.getByRole("button", { name: "Increase Replicas per shard" }).click();
		await page
			.getByRole("group", { name: "Cluster mode" })
			.getByText("On", { exact: true })
			.click();
		await expect(page.getByRole("switch", { name: "Automatic failover" })).toBeDisabled();
		await expect(page.getByText("Can't be turned off in cluster mode")).toBeVisible();
	});

	await test.step("the summary draws it, and shows it as code", async () => {
		await expect(page.getByRole("textbox", { name: "Shards" })).toHaveValue("3");
		const placement = page.getByRole("table", { name: "Expected placement by zone" });
		for (const node of ["Primary 1", "Primary 3", "Replica 2"]) {
			await expect(placement.getByText(node)).toBeVisible();
		}
		const command = page.getByRole("region", { name: "command" });
		await expect(command).toContainText("--engine redis");
		await expect(command).toContainText("--cluster-mode on");
		await expect(command).toContainText("--shards 3");
		await page.getByRole("group", { name: "As code" }).getByText("REST").click();
		await expect(command).toContainText('"clusterMode": "enabled"');
		await page.getByRole("group", { name: "As code" }).getByText("Write-through").click();
		const snippet = page.getByRole("region", { name: "snippet" });
		await expect(snippet).toContainText("new Cluster(");
		await expect(snippet).toContainText("writeThrough({");
	});

	await test.step("slots that leave a gap are refused at their field, and nothing typed is lost", async () => {
		await page.getByLabel("Name").fill("wide");
		await page.getByRole("button", { name: /^Placement and port/ }).click();
		const slots = page.getByRole("textbox", { name: /^Slots/ });
		await slots.fill("0-5000\n5001-9000\n9002-16383");
		await page.getByRole("button", { name: "Create cache" }).click();
		await expect(page.getByText("Slot 9001 isn't assigned to any shard.")).toBeVisible();
		await expect(slots).toBeFocused();
		await expect(page.getByLabel("Name")).toHaveValue("wide");
		await slots.fill("0-5000\n5001-9000\n9001-16383");
	});

	await test.step("it is created, with these slots", async () => {
		await page.getByRole("button", { name: "Create cache" }).click();
		await expectAvailable(page, "wide");
		await expect(page.locator("[data-node]")).toHaveCount(6);
		for (const text of ["0–5000", "5001–9000", "9001–16383", "Cluster mode on"]) {
			await expect(page.getByText(text, { exact: true })).toBeVisible();
		}
		await expect(page.getByText("3 shards × 1 replica")).toBeVisible();
	});

	await test.step("a change is drawn before it is made", async () => {
		await page.goto("/caches/wide/modify");
		const form = page.getByRole("form", { name: "Modify wide" });
		const enter = async (name: string, value: string) => {
			await form.locator(`input[name="${name}"]`).fill(value);
			await page.keyboard.press("Tab");
		};
		await enter("shards", "4");
		await form.getByText("Replicas by shard").click();
		await enter("replicas-0001", "2");
		await expect(form.getByRole("region", { name: "What changes" })).toContainText(
			"Replicas of shard 1 1 → 2",
		);
		const picture = form.getByRole("region", { name: "Topology after the change" });
		await expect(picture).toContainText("Shard 4 new");
		await expect(picture.getByTitle(/^New (primary|replica) on local-[abc]$/)).toHaveCount(3);
		const present = form.getByRole("region", { name: "Topology now" });
		await expect(present).not.toContainText("Shard 4");
		await expect(present.getByRole("listitem")).toHaveCount(6);
		await form.getByRole("link", { name: "Cancel" }).click();
		await expect(page).toHaveURL(/\/caches\/wide$/);
	});

	await test.step("selected nodes reboot, and the dialog says what happens to their data", async () => {
		await page.getByRole("tab", { name: "Nodes" }).click();
		const nodes = page.getByRole("table", { name: "Nodes of wide" });
		const first = nodes.getByRole("row").nth(1);
		await expect(first).toContainText("0–5000");
		const pid = (await first.getByRole("cell").last().textContent()) ?? "";
		await first.getByRole("checkbox").check({ force: true });
		await page.getByRole("button", { name: "Reboot selected" }).click();
		const dialog = page.getByRole("dialog", { name: "Reboot 1 node?" });
		await expect(dialog).toContainText("Data is kept");
		await dialog.getByRole("button", { name: "Reboot 1 node" }).click();
		await expect(dialog).toBeHidden();
		await expect(first.getByRole("cell").last()).not.toHaveText(pid);
		await expect(nodes.locator('[data-status="available"]')).toHaveCount(6);
	});
	await installation.deleteCache("wide");
});

test("a parameter group is created, attached, changed, and takes effect through a reboot", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "tuned" });
	await installation.waitForStatus("tuned", "available");

	await test.step("created", async () => {
		await page.goto("/parameter-groups");
		await page.getByRole("button", { name: "Create parameter group" }).click();
		const dialog = page.getByRole("dialog", { name: "Create a parameter group" });
		await dialog.getByLabel("Name").fill("lru");
		await dialog.getByRole("button", { name: "Create parameter group" }).click();
		await expect(page).toHaveURL(/\/parameter-groups\/lru$/);
	});

	await test.step("attached, with the difference shown first", async () => {
		await page.goto("/caches/tuned");
		await page.getByRole("button", { name: "Actions", exact: true }).click();
		await page.getByRole("menuitem", { name: "Modify" }).click();
		const form = page.getByRole("form", { name: "Modify tuned" });
		await expect(form.getByRole("button", { name: "Apply changes" })).toBeDisabled();
		await form.getByRole("button", { name: /Parameter group/ }).click();
		await page.getByRole("option", { name: "lru" }).click();
		const difference = form.getByRole("region", { name: "What changes" });
		await expect(difference).toContainText("default.valkey9");
		await form.getByRole("button", { name: "Apply changes" }).click();
		await expect(page).toHaveURL(/\/caches\/tuned$/);
	});

	await test.step("changed; a value that isn't allowed is refused in its field", async () => {
		await page.goto("/parameter-groups/lru?search=timeout");
		await page.getByRole("button", { name: "Edit timeout" }).click();
		const field = page.getByRole("textbox", { name: "Value of timeout" });
		await field.fill("soon");
		await field.press("Enter");
		await expect(field).toHaveAttribute("aria-invalid", "true");
		await field.fill("300");
		await field.press("Enter");
		await expect(field).toBeHidden();
		await expect(page.getByRole("row", { name: /^timeout/ })).toContainText("Set here");
	});

	await test.step("a value that needs a reboot waits for one, on the cache's own tab", async () => {
		await page.goto("/parameter-groups/lru?search=databases");
		await page.getByRole("button", { name: "Edit databases" }).click();
		await page.getByRole("textbox", { name: "Value of databases" }).fill("32");
		await page.getByRole("button", { name: "Save databases" }).click();
		await expect(page.getByRole("row", { name: /^databases/ })).toContainText("Set here");
		await page.goto("/caches/tuned?tab=parameters&parameter=databases");
		await page.getByRole("button", { name: "Reboot to apply" }).click();
		await page
			.getByRole("dialog", { name: "Reboot tuned?" })
			.getByRole("button", { name: "Reboot 1 node" })
			.click();
		await expect(page.getByText("In sync", { exact: true })).toBeVisible();
		await expect(page.getByRole("button", { name: "Reboot to apply" })).toHaveCount(0);
	});

	await test.step("reset as a whole; deleted once no cache uses it, and the dialog says so until then", async () => {
		await page.goto("/parameter-groups/lru");
		const timeout = page.getByRole("row", { name: /^timeout/ });
		await expect(timeout).toContainText("Set here");
		await page.getByRole("button", { name: "Reset all" }).click();
		const reset = page.getByRole("dialog", { name: "Reset all values in lru?" });
		await expect(reset).toContainText("2 values");
		await expect(reset).toContainText("tuned");
		await reset.getByRole("button", { name: "Reset all" }).click();
		await expect(timeout).not.toContainText("Set here");
		await expect(page.getByRole("button", { name: "Reset all" })).toBeDisabled();

		await page.getByRole("button", { name: "Delete", exact: true }).click();
		const removal = page.getByRole("dialog", { name: "Delete lru?" });
		const confirm = removal.getByRole("button", { name: "Delete parameter group" });
		await expect(removal).toContainText("while caches use it: tuned");
		await expect(confirm).toBeDisabled();
		await installation.deleteCache("tuned");
		await page.reload();
		await page.getByRole("button", { name: "Delete", exact: true }).click();
		await confirm.click();
		await expect(page).toHaveURL(/\/parameter-groups$/);
		await expect(page.getByRole("link", { name: "lru" })).toHaveCount(0);
	});
});

test("a protected cache says why it can't be deleted, and how to allow it", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "kept", deletionProtection: true });
	await installation.waitForStatus("kept", "available");
	await page.goto("/caches/kept");
	await page.getByRole("button", { name: "Actions", exact: true }).click();
	await page.getByRole("menuitem", { name: "Delete" }).click();
	const dialog = page.getByRole("dialog", { name: "Delete kept?" });
	const confirm = dialog.getByRole("button", { name: "Delete cache" });
	await dialog.getByLabel("Type kept to confirm").fill("kept");
	await expect(dialog.getByText("Deletion protection is on")).toBeVisible();
	await expect(confirm).toBeDisabled();
	await dialog.getByRole("button", { name: "Turn it off" }).click();
	await expect(dialog.getByText("Deletion protection is on")).toBeHidden();
	await expect(dialog.getByRole("switch", { name: "Take a final snapshot first" })).toBeDisabled();
	await confirm.click();
	await expect(page.getByRole("heading", { name: "kept was deleted" })).toBeVisible();
});

test("a custom node type is created, offered by the form, and deleted", async ({ page }) => {
	await page.goto("/caches");
	await search(page, "create node type");
	await page.keyboard.press("Enter");
	const dialog = page.getByRole("dialog", { name: "Create a node type" });
	await dialog.getByLabel("Name").fill("cache.mine");
	await dialog.getByRole("button", { name: "Create node type" }).click();
	await expect(dialog.getByText(/begin with a word of your own/)).toBeVisible();
	await dialog.getByLabel("Name").fill("own.tiny");
	await dialog.getByLabel("Memory in MiB").fill("128");
	await dialog.getByRole("button", { name: "Create node type" }).click();
	await expect(page.getByRole("row", { name: /own\.tiny/ })).toBeVisible();

	await page.goto("/caches/create?mode=custom");
	await page.getByRole("button", { name: /Node type/ }).click();
	await page.getByRole("option", { name: "own.tiny" }).click();
	await expect(page.getByRole("region", { name: "command" })).toContainText("--node-type own.tiny");

	await page.goto("/node-types?show=own");
	await page.getByRole("button", { name: "Delete own.tiny" }).click();
	const removal = page.getByRole("dialog", { name: "Delete own.tiny?" });
	await removal.getByRole("button", { name: "Keep it" }).click();
	await page.getByRole("button", { name: "Delete own.tiny" }).click();
	await removal.getByRole("button", { name: "Delete node type" }).click();
	await expect(page.getByRole("heading", { name: "No node types of your own" })).toBeVisible();
});
