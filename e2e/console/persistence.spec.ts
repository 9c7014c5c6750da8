import { expect, test } from "./console-test.ts";

test("persistence is chosen in words, shown, changed without a restart, and refused with the reason", async ({
	page,
	installation,
}) => {
	await page.goto("/caches/create?mode=custom");
	const engines = page.getByRole("group", { name: "Engine" });
	const choices = page.getByRole("group", { name: "Persistence" });
	const fold = page.getByRole("button", { name: /^Persistence/ });

	await test.step("the wizard offers it, and says why Memcached can't have it", async () => {
		await fold.click();
		await expect(page.getByText(/A power cut loses the last second of writes/)).toBeVisible();
		await engines.getByText("Memcached").click();
		await expect(fold).toContainText("not available");
		await expect(page.getByText("Memcached keeps data in memory only.")).toBeVisible();
		await expect(page.getByRole("radio", { name: /^Every second/ })).toBeDisabled();
		await engines.getByText("Valkey").click();
		await choices.getByText("Every second", { exact: true }).click();
		await expect(fold).toContainText("on disk every second");
		await expect(page.getByRole("region", { name: "command" })).toContainText(
			"--persistence aof-everysec",
		);
	});

	await test.step("the cache has it, and its page says so", async () => {
		await page.getByLabel("Name").fill("durable");
		await page.getByRole("button", { name: "Create cache" }).click();
		await expect(page.getByText("durable is available", { exact: true })).toBeVisible();
		const availability = page.locator("section", { hasText: "Availability" }).last();
		await expect(availability).toContainText("Every second");
		await page.getByRole("tab", { name: "Configuration" }).click();
		await expect(page.getByText("On disk every second")).toBeVisible();
	});

	await test.step("it changes while the cache runs", async () => {
		const before = await installation.getCache("durable");
		await page.goto("/caches/durable/modify");
		const form = page.getByRole("form", { name: "Modify durable" });
		await choices.getByText("Every write", { exact: true }).click();
		await expect(form.getByRole("region", { name: "What changes" })).toContainText(
			"at once; nothing restarts",
		);
		await expect(form.getByRole("region", { name: "Steps" })).toContainText(
			"Make sure before each answer",
		);
		await form.getByRole("button", { name: "Apply changes" }).click();
		await expect(page).toHaveURL(/\/caches\/durable$/);
		const cache = await installation.waitForStatus("durable", "available", 60_000);
		expect(cache.persistence).toBe("aof-always");
		const pids = (of: typeof before) =>
			of?.shards.flatMap(({ nodes }) => nodes.map(({ pid }) => pid));
		expect(pids(cache)).toEqual(pids(before));
	});
	await installation.deleteCache("durable");
});
