import { test as base, expect, type Page } from "@playwright/test";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { type StorageState, signInAdministrator } from "./administrator.ts";

export { expect } from "@playwright/test";
export { ADMINISTRATOR } from "./administrator.ts";

interface WorkerFixtures {
	/** Control plane with console, three hosts and an administrator. */
	installation: Installation;
	session: StorageState;
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
		{ scope: "worker", timeout: 120_000 },
	],
	session: [
		async ({ installation }, use) => use(await signInAdministrator(installation)),
		{ scope: "worker" },
	],
	page: async ({ browser, installation, session, viewport }, use) => {
		const context = await browser.newContext({
			baseURL: installation.url,
			storageState: session,
			permissions: ["clipboard-read", "clipboard-write"],
			viewport,
		});
		const page = await context.newPage();
		await use(page);
		await context.close();
	},
});

/** Waits until a page hears keys: its heading is there before that, the fleet's state isn't. */
export async function listens(page: Page): Promise<void> {
	await expect(page.getByRole("banner").getByRole("status").getByRole("link")).toBeVisible();
}

/** What the page last put on the clipboard. */
export function clipboardOf(page: Page): Promise<string> {
	return page.evaluate(() => navigator.clipboard.readText());
}
