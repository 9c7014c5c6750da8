import { ADMINISTRATOR, expect, test } from "./console-test.ts";

const NEW_PASSWORD = "blauer elefant tanzt";

test("changing a password requires the current one, and other browsers have to sign in again", async ({
	page,
	browser,
	installation,
}) => {
	const other = await browser.newContext({ baseURL: installation.url });
	const { email, password } = ADMINISTRATOR;
	const signIn = (secret: string) =>
		other.request.post("/api/auth/sign-in/email", {
			data: { email, password: secret },
			headers: { origin: installation.url },
		});
	const change = async (from: string, to: string, repeated = to) => {
		await page.getByLabel("Current password").fill(from);
		await page.getByLabel("New password", { exact: true }).fill(to);
		await page.getByLabel("Repeat the new password").fill(repeated);
		await page.getByRole("button", { name: "Change password" }).click();
	};
	expect((await signIn(password)).status()).toBe(200);

	await page.goto("/caches");
	await page.getByRole("button", { name: `account of ${ADMINISTRATOR.name}` }).click();
	await page.getByRole("menuitem", { name: "Account" }).click();
	await change(password, NEW_PASSWORD, "something else");
	await expect(page.getByText("The two passwords differ.")).toBeVisible();
	await change("not the password", NEW_PASSWORD);
	await expect(page.getByText("The current password is wrong.")).toBeVisible();
	await change(password, "Password1234");
	await expect(page.getByText(/is a common password/)).toBeVisible();
	await change(password, NEW_PASSWORD);
	await expect(
		page.getByText("Your password was changed, and 1 other session ended"),
	).toBeVisible();

	const me = "/api/trpc/account.me?input=%7B%7D";
	expect((await other.request.get(me)).status()).toBe(401);
	expect((await signIn(password)).status()).toBe(401);
	expect((await signIn(NEW_PASSWORD)).status()).toBe(200);
	await change(NEW_PASSWORD, password);
	await expect(page.getByLabel("Current password")).toHaveValue("");

	// The other browser is signed in again, until this one signs it out.
	expect((await signIn(password)).status()).toBe(200);
	await page.reload();
	const sessions = page.getByRole("table", { name: "Sessions" }).locator("tbody tr");
	await expect(sessions).toHaveCount(2);
	await expect(sessions.filter({ hasText: "This browser" })).toContainText("127.0.0.1");
	await page.getByRole("button", { name: "Sign out everywhere else" }).click();
	await expect(page.getByText("1 session ended")).toBeVisible();
	await expect(sessions).toHaveCount(1);
	expect((await other.request.get(me)).status()).toBe(401);
	await other.close();
});

test("on a connection that isn't safe enough for a password, the page says why instead of showing the form", async ({
	browser,
	installation,
}) => {
	const context = await browser.newContext({
		baseURL: installation.url,
		extraHTTPHeaders: { "x-forwarded-for": "192.0.2.7" },
	});
	const page = await context.newPage();
	await page.goto("/login");
	await expect(page.getByText(/LARDER_TRUSTED_PROXIES=127\.0\.0\.1/)).toBeVisible();
	await expect(page.getByLabel("Password")).toHaveCount(0);
	await context.close();
});

test("a join token admits as many hosts as were asked for, until it is revoked", async ({
	page,
}) => {
	await page.goto("/hosts");
	await page.getByRole("button", { name: "Add host" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("textbox", { name: "Number of hosts" }).fill("7");
	await dialog.getByRole("button", { name: "Create join command" }).click();
	await expect(
		dialog.getByText(/^LARDER_JOIN_TOKEN=larder_join_\S+ npx larder agent/),
	).toBeVisible();
	// A fresh machine needs more than that, and can't reach an address that only this machine has.
	const steps = dialog.getByRole("list", { name: "Steps on the new host" });
	await expect(steps).toContainText(/Install Node\.js 20\.19 .* && cd larder.*npm ci/);
	await expect(dialog.getByText(/127\.0\.0\.1 reaches only this machine/)).toBeVisible();
	await dialog.getByRole("button", { name: "Done" }).click();

	const row = page.getByRole("row").filter({ hasText: "0 of 7" });
	await expect(row).toContainText("Active");
	await row.getByRole("button", { name: /^Revoke/ }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Revoke token" }).click();
	await expect(row).toContainText("Revoked");
});
