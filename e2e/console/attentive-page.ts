import type { Page } from "@playwright/test";

/** Makes `goto` and `reload` wait until the page responds to keys and clicks. It shows its data earlier. */
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
