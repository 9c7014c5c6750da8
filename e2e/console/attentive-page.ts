import type { Page } from "@playwright/test";

/** Lets `goto` and `reload` return once the page hears keys and clicks. The page shows its data earlier. */
export function attentive(page: Page): Page {
	const hears = () => page.locator("html[data-hears]").waitFor({ state: "attached" });
	const goto = page.goto.bind(page);
	const reload = page.reload.bind(page);
	page.goto = async (...call) => {
		const response = await goto(...call);
		await hears();
		return response;
	};
	page.reload = async (...call) => {
		const response = await reload(...call);
		await hears();
		return response;
	};
	return page;
}
