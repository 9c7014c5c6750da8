import type { Page } from "@playwright/test";
import { expect } from "./console-test.ts";

/** Types into the search, which opens with a slash. */
export async function search(page: Page, words: string) {
	await page.keyboard.press("/");
	await expect(page.getByRole("combobox", { name: /Search caches/ })).toBeFocused();
	await page.keyboard.type(words);
}

/** Looks at the cache's own status, the first on the page: individual nodes become available sooner. */
export async function expectAvailable(page: Page, name: string) {
	await expect(page).toHaveURL(new RegExp(`/caches/${name}$`));
	const status = page.locator("main [data-status]").first();
	await expect(status).toHaveAttribute("data-status", "available");
}
