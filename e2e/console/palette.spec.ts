import { expect, test } from "./console-test.ts";

test("the search box leads to the create form by keyboard alone", async ({ page }) => {
	await page.goto("/events");
	await expect(page.getByRole("heading", { name: "Events" })).toBeVisible();
	await page.keyboard.press("/");
	const input = page.getByRole("combobox", { name: /Search caches/ });
	await expect(input).toBeFocused();
	await page.keyboard.type("elasticache");
	await expect(page.getByRole("option", { name: /Create a Valkey cache/ })).toHaveAttribute(
		"aria-selected",
		"true",
	);
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/caches\/create/);
	await expect(page.getByLabel("Name")).toBeFocused();
});

test("Ctrl-K opens and closes it, arrows choose, hosts are found", async ({ page }) => {
	await page.goto("/caches");
	await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
	await page.keyboard.press("Control+k");
	const input = page.getByRole("combobox", { name: /Search caches/ });
	await expect(input).toBeFocused();
	await page.keyboard.press("Control+k");
	await expect(input).toBeHidden();
	await page.keyboard.press("Control+k");
	await page.keyboard.type("local-");
	await expect(page.getByRole("option", { name: /local-b/ })).toBeVisible();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await expect(page).toHaveURL(/\/hosts#local-/);
});

test("an answer takes less than 100 ms", async ({ page }) => {
	await page.goto("/caches");
	await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
	await page.keyboard.press("/");
	await expect(page.getByRole("option").first()).toBeVisible();
	const times: number[] = [];
	// The best of some: what else the machine does is none of the palette's business.
	for (const query of ["api reference", "hosts", "api reference", "hosts", "api reference"]) {
		times.push(await page.evaluate(timeToAnswer, query));
	}
	expect(Math.min(...times)).toBeLessThan(100);
});

/** Types into the palette and answers how many milliseconds later the entry of that name is chosen. */
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
