import { attentive } from "./attentive-page.ts";
import { ADMINISTRATOR, clipboardOf, expect, test } from "./console-test.ts";

test("a token is shown once, lets a script in, and is refused once revoked", async ({
	page,
	installation,
}) => {
	await page.goto("/tokens");
	await page.getByRole("button", { name: "Create token" }).first().click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: "Create token" }).click();
	await expect(dialog.getByText("Name is required.")).toBeVisible();
	await dialog.getByLabel("Name").fill("ci");
	await expect(dialog.getByRole("radio", { name: /^Read-only/ })).toBeChecked();
	await expect(dialog.getByRole("button", { name: /Expires after/ })).toContainText("90 days");
	await dialog.getByRole("button", { name: "Create token" }).click();
	await dialog.getByRole("button", { name: "Copy token" }).click();
	await expect.poll(() => clipboardOf(page)).toMatch(/^larder_/);
	const token = await clipboardOf(page);

	const ask = () =>
		fetch(`${installation.url}/api/v1/caches`, { headers: { authorization: `Bearer ${token}` } });
	expect((await ask()).status).toBe(200);
	const change = await fetch(`${installation.url}/api/v1/caches`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
		body: JSON.stringify({ name: "orders" }),
	});
	expect(change.status).toBe(403);

	await dialog.getByRole("button", { name: "I have stored it" }).click();
	await expect(page.getByRole("cell", { name: "ci", exact: true })).toBeVisible();
	await expect(page.getByText(token)).toHaveCount(0);

	await page.getByRole("button", { name: "Revoke ci" }).click();
	await page.getByRole("button", { name: "Revoke token" }).click();
	await expect(page.getByRole("heading", { name: "No tokens yet" })).toBeVisible();
	expect((await ask()).status).toBe(401);

	// The audit log says what the token was denied, and who revoked it.
	await page.getByRole("link", { name: "Audit log" }).click();
	const log = page.getByRole("table", { name: "Audit log" });
	// Other tests' tokens are in the log too.
	const own = log.getByRole("row").filter({ hasText: ADMINISTRATOR.email });
	await expect(own.filter({ hasText: "Revoke token" })).toBeVisible();
	await page.getByRole("searchbox", { name: "Search by who did it" }).fill("token ci");
	await expect(page).toHaveURL(/actor=token/);
	await expect(log.locator("tbody tr")).toHaveCount(1);
	await expect(log.locator("tbody tr")).toContainText(/cache\.create.*Denied/);
	await page.getByRole("button", { name: /Outcome/ }).click();
	await page.getByRole("option", { name: "Failed" }).click();
	await expect(page).toHaveURL(/outcome=failed/);
	await expect(page.getByRole("heading", { name: "No entry matches" })).toBeVisible();
	await page.getByRole("button", { name: "Clear filters" }).click();
	await expect(own.filter({ hasText: "Create token" })).toBeVisible();
});

test("an invited viewer sees everything, changes nothing, and is signed out when disabled", async ({
	page,
	browser,
	installation,
}) => {
	const email = "grace@example.com";
	const password = "blauer elefant tanzt";
	await page.goto("/users");
	await page.getByRole("button", { name: "Invite user" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: "Create link" }).click();
	await expect(dialog.getByText("Enter a valid email address.")).toBeVisible();
	await dialog.getByLabel("Email").fill(email);
	await dialog.getByRole("button", { name: "Create link" }).click();
	await dialog.getByRole("button", { name: "Copy link" }).click();
	await expect.poll(() => clipboardOf(page)).toContain("/invite?token=");
	const link = await clipboardOf(page);
	await dialog.getByRole("button", { name: "Done" }).click();
	const row = page.getByRole("row").filter({ hasText: email });
	await expect(row).toContainText("Invited");

	const context = await browser.newContext({ baseURL: installation.url });
	const other = attentive(await context.newPage());
	await other.goto(link);
	await other.getByLabel("Name").fill("Grace Hopper");
	await other.getByLabel("Password", { exact: true }).fill(password);
	await other.getByLabel("Repeat the password").fill(password);
	await other.getByRole("button", { name: "Accept and sign in" }).click();
	await expect(other).toHaveURL(/\/caches$/);
	await expect(other.getByText("View only")).toBeVisible();
	await expect(other.getByRole("heading", { name: /caches/i }).first()).toBeVisible();
	await expect(other.getByRole("link", { name: "Create cache" })).toHaveCount(0);
	await other.goto("/caches/create");
	await expect(other.getByRole("heading", { name: "Viewers can't create caches" })).toBeVisible();
	await expect(other.getByRole("list", { name: "Administrators" })).toHaveText(
		`${ADMINISTRATOR.name} ${ADMINISTRATOR.email}`,
	);
	await expect(other.getByRole("button", { name: "Create cache" })).toHaveCount(0);
	await other.goto("/hosts");
	await other
		.getByRole("button", { name: /^Actions for/ })
		.first()
		.click();
	await expect(
		other.getByRole("menuitem", { name: /Drain.*Viewers can't change anything/ }),
	).toHaveAttribute("aria-disabled", "true");
	await other.goto(link);
	await expect(other.getByText("Ask an administrator for a new link.")).toBeVisible();

	await page.reload();
	await expect(row).toContainText("Grace Hopper");
	const act = async (name: string) => {
		await row.getByRole("button", { name: `Actions for ${email}` }).click();
		await page.getByRole("menuitem", { name }).click();
	};
	await act("Reset password");
	await dialog.getByRole("button", { name: "Create link" }).click();
	await dialog.getByRole("button", { name: "Copy link" }).click();
	await expect.poll(() => clipboardOf(page)).toContain("/reset-password?token=");
	const resetLink = await clipboardOf(page);
	await dialog.getByRole("button", { name: "Done" }).click();
	await expect(row).toContainText("Password reset");
	await other.goto(resetLink);
	await expect(other.getByText(`For ${email}`)).toBeVisible();
	const newPassword = "roter elefant schläft";
	await other.getByLabel("Password", { exact: true }).fill(newPassword);
	await other.getByLabel("Repeat the password").fill(newPassword);
	await other.getByRole("button", { name: "Set password and sign in" }).click();
	await expect(other).toHaveURL(/\/caches$/);
	await other.goto(resetLink);
	await expect(other.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
	await page.reload();

	await act("Disable");
	await dialog.getByRole("button", { name: "Disable user" }).click();
	await expect(row).toContainText("Disabled");
	await other.goto("/caches");
	await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
	await other.getByLabel("Email").fill(email);
	await other.getByLabel("Password").fill(newPassword);
	await other.getByRole("button", { name: "Sign in" }).click();
	await expect(other.getByText(/This account is disabled/)).toBeVisible();
	await context.close();

	await act("Delete");
	await dialog.getByLabel(`Type ${email} to confirm`).fill(email);
	await dialog.getByRole("button", { name: "Delete user" }).click();
	await expect(row).toHaveCount(0);
	// The menu says why administrators can't delete their own account.
	await page.getByRole("button", { name: `Actions for ${ADMINISTRATOR.email}` }).click();
	await expect(page.getByRole("menuitem", { name: /Delete.*your own account/ })).toBeVisible();
});
