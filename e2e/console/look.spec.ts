import type { Page } from "@playwright/test";
import { expect, test } from "./console-test.ts";

async function sidewaysScroll(page: Page): Promise<number> {
	return page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
}

test("the theme is chosen and remembered", async ({ page }) => {
	await page.goto("/caches");
	const root = page.locator("html");
	await page.getByRole("button", { name: "Theme" }).click();
	await page.getByRole("menuitemradio", { name: "Dark" }).click();
	await expect(root).toHaveClass(/dark/);
	await page.reload();
	await expect(root).toHaveClass(/dark/);
	await page.getByRole("button", { name: "Theme" }).click();
	await page.getByRole("menuitemradio", { name: "Light" }).click();
	await expect(root).not.toHaveClass(/dark/);
});

test("times switch between UTC and the browser's zone", async ({ page }) => {
	await page.goto("/events");
	await page.getByRole("button", { name: /Times are in UTC/ }).click();
	await expect(page.getByRole("button", { name: /Times are in local time/ })).toBeVisible();
});

test.describe("on a small screen", () => {
	test.use({ viewport: { width: 400, height: 860 } });

	test("no page scrolls sideways", async ({ page, installation }) => {
		// Every page there is, one after the other.
		test.slow();
		await installation.createCache({
			name: "a-name-as-long-as-names-may-ever-be-here",
			description: "a description that is rather long as well ".repeat(5),
			replicasPerShard: 1,
		});
		const detail = "/caches/a-name-as-long-as-names-may-ever-be-here";
		const paths = [
			"/caches",
			"/caches/create",
			"/caches/create?mode=custom",
			"/caches/create?mode=custom&engine=memcached",
			detail,
			`${detail}?tab=nodes`,
			`${detail}?tab=metrics`,
			`${detail}?tab=parameters`,
			`${detail}?tab=events`,
			`${detail}?tab=connect`,
			`${detail}?tab=configuration`,
			"/parameter-groups",
			"/parameter-groups/default.valkey9",
			"/node-types",
			"/hosts",
			"/events",
			"/tokens",
			"/api-reference",
			"/no-such-page",
		];
		for (const path of paths) {
			await page.goto(path);
			await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
			await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
			expect(await sidewaysScroll(page), path).toBe(0);
		}
		await installation.deleteCache("a-name-as-long-as-names-may-ever-be-here");
	});

	test("the navigation is a drawer", async ({ page }) => {
		await page.goto("/caches");
		await page.getByRole("button", { name: "Open navigation" }).click();
		await page.getByRole("dialog").getByRole("link", { name: "Hosts" }).click();
		await expect(page).toHaveURL(/\/hosts$/);
		await expect(page.getByRole("dialog")).toHaveCount(0);
	});
});

test("no page loads anything from elsewhere", async ({ page, installation }) => {
	const foreign: string[] = [];
	page.on("request", (request) => {
		const { protocol, origin } = new URL(request.url());
		if (protocol.startsWith("http") && origin !== installation.url) foreign.push(request.url());
	});
	for (const path of ["/caches", "/caches/create", "/hosts", "/api-reference"]) {
		await page.goto(path);
		await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
	}
	expect(foreign).toEqual([]);
});
