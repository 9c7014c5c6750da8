import { type BrowserContext, test as base, type Page } from "@playwright/test";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { type StorageState, signInAdministrator } from "./administrator.ts";
import { attentive } from "./attentive-page.ts";

export { expect } from "@playwright/test";
export { ADMINISTRATOR } from "./administrator.ts";

interface WorkerFixtures {
	/** Control plane with console, three hosts and an administrator. */
	installation: Installation;
	session: StorageState;
	/**
	 * Where the administrator is signed in. It keeps what it fetched, which each test would otherwise have to fetch
	 * again.
	 */
	signedIn: BrowserContext;
}

/** A page of a console that the administrator is signed in to. */
export const test = base.extend<{ page: Page }, WorkerFixtures>({
	installation: [
		// biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
		async ({}, use) => {
			const installation = await startInstallation({ console: true });
			await use(installation);
			await installation.stop();
		},
		{ scope: "worker", timeout: 240_000 },
	],
	session: [
		async ({ installation }, use) => use(await signInAdministrator(installation)),
		{ scope: "worker" },
	],
	signedIn: [
		async ({ browser, installation, session }, use) => {
			const context = await browser.newContext({
				baseURL: installation.url,
				storageState: session,
				permissions: ["clipboard-read", "clipboard-write"],
				reducedMotion: "reduce",
			});
			await use(context);
			await context.close();
		},
		{ scope: "worker" },
	],
	page: async ({ signedIn, installation, viewport }, use, testInfo) => {
		const page = attentive(await signedIn.newPage());
		if (viewport !== null) await page.setViewportSize(viewport);
		await use(page);
		if (testInfo.status !== testInfo.expectedStatus) {
			await testInfo.attach("page", { body: await page.screenshot(), contentType: "image/png" });
		}
		// Choices such as a theme must not affect other tests.
		if (page.url().startsWith(installation.url)) await page.evaluate(() => localStorage.clear());
		await page.close();
	},
});

/** What the page last put on the clipboard. */
export function clipboardOf(page: Page): Promise<string> {
	return page.evaluate(() => navigator.clipboard.readText());
}
