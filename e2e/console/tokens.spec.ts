import { clipboardOf, expect, test } from "./console-test.ts";

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
	await dialog.getByRole("button", { name: "Create token" }).click();
	await dialog.getByRole("button", { name: "Copy token" }).click();
	await expect.poll(() => clipboardOf(page)).toMatch(/^larder_/);
	const token = await clipboardOf(page);

	const ask = () =>
		fetch(`${installation.url}/api/v1/caches`, { headers: { authorization: `Bearer ${token}` } });
	expect((await ask()).status).toBe(200);

	await dialog.getByRole("button", { name: "I have stored it" }).click();
	await expect(page.getByRole("cell", { name: "ci", exact: true })).toBeVisible();
	await expect(page.getByText(token)).toHaveCount(0);

	await page.getByRole("button", { name: "Revoke ci" }).click();
	await page.getByRole("button", { name: "Revoke token" }).click();
	await expect(page.getByRole("heading", { name: "No tokens yet" })).toBeVisible();
	expect((await ask()).status).toBe(401);
});
