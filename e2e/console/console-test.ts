import { type APIRequestContext, test as base, type Page } from "@playwright/test";
import { type Installation, startInstallation } from "../fixtures/installation.ts";

export { expect } from "@playwright/test";

export const ADMINISTRATOR = {
	name: "Ada Lovelace",
	email: "ada@example.com",
	password: "correct-horse-battery",
} as const;

type StorageState = Awaited<ReturnType<APIRequestContext["storageState"]>>;

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
		async ({ installation, playwright }, use) => {
			const request = await playwright.request.newContext({
				baseURL: installation.url,
				extraHTTPHeaders: { origin: installation.url },
			});
			const setupToken = new URL(installation.setupLink() ?? "").searchParams.get("token");
			const created = await request.post("/api/trpc/account.createAdministrator", {
				data: { ...ADMINISTRATOR, setupToken },
			});
			if (!created.ok()) throw new Error(await created.text());
			const { email, password } = ADMINISTRATOR;
			const signedIn = await request.post("/api/auth/sign-in/email", { data: { email, password } });
			if (!signedIn.ok()) throw new Error(await signedIn.text());
			const state = await request.storageState();
			await request.dispose();
			await use(state);
		},
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

/** What the page last put on the clipboard. */
export function clipboardOf(page: Page): Promise<string> {
	return page.evaluate(() => navigator.clipboard.readText());
}
