import { rateCardViewSchema } from "../../server/contract/rate-card.ts";
import { expect, test } from "./console-test.ts";

test("an administrator changes a price in the rate card, and the audit log has it", async ({
	page,
	installation,
}) => {
	const readCard = async () =>
		rateCardViewSchema.parse((await installation.rest("GET", "/rate-card")).body);
	const { version: _, ...before } = await readCard();
	await page.goto("/costs");
	await expect(page.getByRole("heading", { level: 1, name: "Costs" })).toBeVisible();
	await expect(page.getByText("Since midnight UTC")).toBeVisible();
	await page.getByRole("button", { name: "Rate card" }).click();
	const dialog = page.getByRole("dialog", { name: "Rate card" });
	const price = dialog.getByRole("group", { name: "Valkey" }).getByLabel("GB-hour");
	await price.fill("a lot");
	await dialog.getByRole("button", { name: "Save rate card" }).click();
	await expect(dialog.getByText("Enter a number from 0 to 1,000,000.")).toBeVisible();
	await price.fill("0.5");
	await dialog.getByRole("button", { name: "Save rate card" }).click();
	await expect(dialog).toHaveCount(0);
	expect((await readCard()).engines.valkey.perGbHour).toBe(0.5);
	await page.goto("/audit");
	await expect(
		page
			.locator("td")
			.getByText(/rate card/i)
			.first(),
	).toBeVisible();
	expect((await installation.rest("PUT", "/rate-card", { body: before })).status).toBe(200);
});
