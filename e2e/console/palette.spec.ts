import { expect, test } from "./console-test.ts";

test("Ctrl-K opens and closes it, arrows choose, hosts are found", async ({ page }) => {
	await page.goto("/caches");
	await page.keyboard.press("Control+k");
	const input = page.getByRole("combobox", { name: /Search caches/ });
	await expect(input).toBeFocused();
	await page.keyboard.press("Control+k");
	await expect(input).toBeHidden();
	await page.keyboard.press("Control+k");
	await page.keyboard.type("local-");
	await expect(page.getByRole("option", { name: /^local-b/ })).toBeVisible();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/hosts#local-/);
});

test("what can be done with a cache or host is found by keyboard, despite typos", async ({
	page,
	installation,
}) => {
	await installation.createCache({ name: "game", replicasPerShard: 1 });
	await installation.waitForStatus("game", "available");
	const search = async (query: string, option: string | RegExp) => {
		await page.goto("/events");
		await page.keyboard.press("Control+k");
		await expect(page.getByRole("combobox", { name: /Search caches/ })).toBeFocused();
		await page.keyboard.type(query);
		await expect(page.getByRole("option", { name: option }).first()).toHaveAttribute(
			"aria-selected",
			"true",
		);
		await page.keyboard.press("Enter");
	};
	await search("delete game", "Delete game");
	await expect(page.getByRole("dialog", { name: /Delete game/ })).toBeVisible();
	await search("fail over", "Fail over game");
	await expect(page.getByRole("dialog", { name: "Fail over game?" })).toBeVisible();
	await search("game-002", /game-002/);
	await expect(page).toHaveURL(/\/caches\/game\?tab=nodes/);
	await search("drain local-b", "Drain local-b");
	await expect(page.getByRole("dialog", { name: /Drain local-b/ })).toBeVisible();
	await search("save database key", /Back up the control plane/);
	await expect(page.getByText("Backup command copied")).toBeVisible();
	await search("chnage password", "Account");
	await expect(page).toHaveURL(/\/account/);
	await search("metrics game", "Metrics of game");
	await expect(page).toHaveURL(/\/caches\/game\?tab=metrics/);
	await search("elasticache", /Create a Valkey cache/);
	await expect(page).toHaveURL(/\/caches\/create/);
	await expect(page.getByLabel("Name")).toBeFocused();
	await search("redsi", /Create a Redis OSS cache/);
	await expect(page).toHaveURL(/\/caches\/create\?engine=redis/);
	await installation.deleteCache("game");
});

test("opened while a dialog is still closing, it gets the focus and keeps it", async ({ page }) => {
	// With reduced motion, the dialog would be gone at once.
	await page.emulateMedia({ reducedMotion: "no-preference" });
	const input = page.getByRole("combobox", { name: /Search caches/ });
	for (const query of ["node types", "events"]) {
		await page.goto("/hosts?dialog=cordon&host=local-b");
		const dialog = page.getByRole("dialog", { name: "Cordon local-b?" });
		await expect(dialog).toBeVisible();
		await page.keyboard.press("Escape");
		await page.keyboard.press("Control+k");
		await expect(input).toBeFocused();
		await expect(dialog).toHaveCount(0);
		await expect(input).toBeFocused();
		await page.keyboard.type(query);
		await expect(input).toHaveValue(query);
		await page.keyboard.press("Enter");
		await expect(page).toHaveURL(new RegExp(query.replace(" ", "-")));
	}
});

test("an answer takes less than 100 ms", async ({ page }) => {
	await page.goto("/caches");
	await page.keyboard.press("/");
	await expect(page.getByRole("option").first()).toBeVisible();
	// The best of several tries, because the machine may be busy with other work.
	let best = Number.POSITIVE_INFINITY;
	for (let turn = 0; turn < 20 && best >= 100; turn += 1) {
		const query = turn % 2 === 0 ? "api reference" : "hosts";
		best = Math.min(best, await page.evaluate(timeToAnswer, query));
	}
	expect(best).toBeLessThan(100);
});

/** Types into the palette and returns how many milliseconds later the entry of that name is selected. */
async function timeToAnswer(query: string): Promise<number> {
	const input = document.querySelector<HTMLInputElement>('[role="combobox"]');
	if (input === null) throw new Error("no search input");
	const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
	const startedAt = performance.now();
	setValue?.call(input, query);
	input.dispatchEvent(new Event("input", { bubbles: true }));
	const isChosen = () =>
		document.querySelector('[aria-selected="true"]')?.textContent?.toLowerCase().includes(query) ===
		true;
	while (!isChosen()) {
		await new Promise((resolve) => requestAnimationFrame(resolve));
		if (performance.now() - startedAt > 5_000) break;
	}
	return performance.now() - startedAt;
}
