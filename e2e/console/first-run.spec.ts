import { expect, test } from "@playwright/test";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { ADMINISTRATOR } from "./console-test.ts";

/** Steps of one story: each starts where the previous one ended. */
test.describe
	.serial("the first run", () => {
		let installation: Installation;
		let link: string;

		test.beforeAll(async () => {
			installation = await startInstallation({ console: true, agents: [] });
			link = installation.setupLink() ?? "";
		});
		test.afterAll(() => installation.stop());

		test("asks for the setup link before there is an administrator", async ({ page }) => {
			await page.goto(`${installation.url}/hosts`);
			await expect(page.getByRole("heading", { name: "Set up Larder first" })).toBeVisible();
		});

		test("doesn't resize images for strangers", async ({ request }) => {
			for (const image of ["/icon.svg", "/%00"]) {
				const query = new URLSearchParams({ url: decodeURIComponent(image), w: "64", q: "75" });
				const answer = await request.get(`${installation.url}/_next/image?${query}`);
				expect(answer.status(), image).toBe(404);
			}
		});

		test("creates the administrator with the link, and signs in", async ({ page }) => {
			await page.goto(link);
			await page.getByRole("button", { name: "Create administrator" }).click();
			await expect(page.getByText("Name is required.")).toBeVisible();
			await page.getByLabel("Name").fill(ADMINISTRATOR.name);
			await page.getByLabel("Email").fill(ADMINISTRATOR.email);
			await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
			await page.getByLabel("Repeat the password").fill("something else");
			await page.getByRole("button", { name: "Create administrator" }).click();
			await expect(page.getByText("The two passwords differ.")).toBeVisible();
			await page.getByLabel("Repeat the password").fill(ADMINISTRATOR.password);
			await page.getByRole("button", { name: "Create administrator" }).click();
			await expect(page).toHaveURL(`${installation.url}/caches`);
			await expect(page.getByRole("heading", { name: "Create your first cache" })).toBeVisible();
		});

		test("invalidates the link", async ({ page }) => {
			await page.goto(link);
			await expect(page.getByRole("heading", { name: "Larder is set up" })).toBeVisible();
		});

		test("signs in and opens the requested page, refuses a wrong password, signs out", async ({
			page,
		}) => {
			await page.goto(`${installation.url}/events?severity=error`);
			await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
			await page.getByLabel("Email").fill(ADMINISTRATOR.email);
			await page.getByLabel("Password").fill("not the password");
			await page.getByRole("button", { name: "Sign in" }).click();
			await expect(page.getByText("The email address or password is incorrect.")).toBeVisible();
			await page.getByLabel("Password").fill(ADMINISTRATOR.password);
			await page.getByRole("button", { name: "Sign in" }).click();
			await expect(page).toHaveURL(`${installation.url}/events?severity=error`);

			await page.getByRole("button", { name: `account of ${ADMINISTRATOR.name}` }).click();
			await page.getByRole("menuitem", { name: "Sign out" }).click();
			await expect(page).toHaveURL(`${installation.url}/login`);
			await page.goto(`${installation.url}/caches`);
			await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
		});
	});
