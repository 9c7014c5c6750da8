import type { Page } from "@playwright/test";
import { waitUntil } from "../fixtures/wait-until.ts";
import { expect, test } from "./console-test.ts";

/** The page has a table of join tokens too, which names the hosts that used them. */
function hostRow(page: Page, host: string) {
	return page.getByRole("table", { name: "Hosts" }).getByRole("row", { name: new RegExp(host) });
}

/** Chooses an action of a host's menu and confirms it. */
async function change(page: Page, host: string, action: string) {
	await page.getByRole("button", { name: `Actions for ${host}` }).click();
	await page.getByRole("menuitem", { name: new RegExp(`^${action}`) }).click();
	await page.getByRole("dialog").getByRole("button", { name: action }).click();
	await expect(page.getByRole("dialog")).toHaveCount(0);
}

test("a host is cordoned, drained while its cache serves, and accepts nodes again", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "orders", replicasPerShard: 1 });
	const cache = await installation.waitForStatus("orders", "available");
	const [node] = cache.shards.flatMap((shard) => shard.nodes);
	const host = node?.host ?? "";
	await page.goto("/hosts");
	const row = hostRow(page, host);
	await expect(row).toBeVisible();

	await test.step("cordon and uncordon", async () => {
		await change(page, host, "Cordon");
		await expect(row.getByText("Cordoned", { exact: true })).toBeVisible();
		await change(page, host, "Uncordon");
		await expect(row.getByText("Cordoned", { exact: true })).toHaveCount(0);
	});

	await test.step("it can't be removed with a node on it, and says so", async () => {
		await page.getByRole("button", { name: `Actions for ${host}` }).click();
		const remove = page.getByRole("menuitem", { name: /^Remove/ });
		await expect(remove).toHaveAttribute("aria-disabled", "true");
		await expect(remove).toContainText("Drain it first.");
		await page.keyboard.press("Escape");
	});

	await test.step("drain: its node goes to another host, and the cache is healthy again", async () => {
		await change(page, host, "Drain");
		await expect(row.getByText("Drained", { exact: true })).toBeVisible();
		await waitUntil("the cache to be healthy elsewhere", async () => {
			const now = await installation.getCache("orders");
			const nodes = now?.shards.flatMap((shard) => shard.nodes) ?? [];
			return (
				now?.status === "available" &&
				nodes.length === 2 &&
				nodes.every((each) => each.host !== host)
			);
		});
	});

	await test.step("uncordon let the host accept nodes again", async () => {
		await change(page, host, "Uncordon");
		await expect(row.getByText("Drained", { exact: true })).toHaveCount(0);
	});
	await installation.deleteCache("orders");
});

test("a drain that can't finish says so before it begins, and while it waits", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "everywhere", replicasPerShard: 2, multiAz: true });
	await installation.waitForStatus("everywhere", "available");
	await page.goto("/hosts?dialog=drain&host=local-a");
	const dialog = page.getByRole("dialog", { name: "Drain local-a?" });
	const stuck = dialog.getByRole("list", { name: "Nodes that can't leave" });
	await expect(stuck).toContainText(/everywhere-00\d/);
	await expect(stuck).toContainText("Add a host with");
	await dialog.getByRole("button", { name: "Drain anyway" }).click();
	await expect(dialog).toHaveCount(0);

	await expect(hostRow(page, "local-a").getByText("Draining", { exact: true })).toBeVisible();
	await expect(page.getByRole("status").getByText("local-a draining")).toBeVisible();
	const why = hostRow(page, "local-a").getByRole("button", { name: /can't leave\. Why\?/ });
	await why.click();
	const reasons = page.getByRole("list", { name: "Nodes that can't leave" });
	await expect(reasons).toContainText("already has a node of the same shard");
	await expect(reasons).not.toContainText("larder ");
	await page.getByRole("dialog").getByRole("button", { name: "Stop draining" }).click();
	const stop = page.getByRole("dialog", { name: "Stop draining local-a?" });
	await stop.getByRole("button", { name: "Stop draining" }).click();
	await expect(why).toHaveCount(0);
	await expect(hostRow(page, "local-a").getByText("Online", { exact: true })).toBeVisible();
	await installation.deleteCache("everywhere");
});

test("a host that won't come back is removed only once its name is typed", async ({
	page,
	installation,
}) => {
	await page.goto("/hosts");
	const row = hostRow(page, "local-c");
	await expect(row.getByText("Online", { exact: true })).toBeVisible();
	await installation.killAgent("local-c");
	await expect(row.getByText("Offline", { exact: true })).toBeVisible();
	await page.getByRole("button", { name: "Actions for local-c" }).click();
	await page.getByRole("menuitem", { name: /^Remove/ }).click();
	const dialog = page.getByRole("dialog");
	const confirm = dialog.getByRole("button", { name: "Remove host" });
	await expect(confirm).toBeDisabled();
	await dialog.getByLabel("Type local-c to confirm").fill("local-b");
	await expect(confirm).toBeDisabled();
	await dialog.getByRole("button", { name: "Keep it" }).click();
	// Other tests use this installation too.
	await installation.startAgent("local-c");
	await expect(row.getByText("Online", { exact: true })).toBeVisible();
});
