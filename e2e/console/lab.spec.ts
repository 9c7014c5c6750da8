import { readFileSync } from "node:fs";
import { expect, test } from "./console-test.ts";

const CACHE = "lab-target";
const SHOTS = process.env.LARDER_SCREENSHOTS;

test("a run is started from a preset, watched, and its report is shared and deleted", async ({
	page,
	installation,
}) => {
	test.slow();
	await installation.createCache({ name: CACHE, replicasPerShard: 0, multiAz: false });
	await installation.waitForStatus(CACHE, "available");
	const shoot = async (name: string) => {
		if (SHOTS === undefined) return;
		for (const scheme of ["light", "dark"] as const) {
			await page.evaluate((theme) => localStorage.setItem("larder.theme", theme), scheme);
			await page.reload();
			for (const width of [1440, 400]) {
				await page.setViewportSize({ width, height: 900 });
				await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
				await page.waitForLoadState("networkidle");
				await page.screenshot({ path: `${SHOTS}/${name}-${width}-${scheme}.png`, fullPage: true });
			}
		}
	};
	await page.goto("/lab");
	const form = page.getByRole("form", { name: "New run" });
	await expect(form.getByRole("button", { name: CACHE })).toBeVisible();
	await shoot("form");
	await form.getByText("Many writes", { exact: true }).click();
	await expect(form.getByRole("checkbox", { name: "Write-behind" })).toBeChecked();
	await form.getByLabel("Duration in seconds").fill("121");
	await form.getByRole("button", { name: "Start run" }).click();
	await expect(form.getByText("Duration in seconds must be 1 to 120")).toBeVisible();
	await form.getByLabel("Duration in seconds").fill("6");
	await form.getByRole("button", { name: "Start run" }).click();

	await expect(page).toHaveURL(/\/lab\/lab-[0-9a-f]+$/);
	await expect(page.getByRole("heading", { name: `Caching strategies on ${CACHE}` })).toBeVisible();
	// A page that takes longer to load than the run finds it completed.
	await expect(page.getByText(/^(Running|Completed)$/)).toBeVisible();
	await expect(page.getByText("Completed")).toBeVisible();
	await expect(page.getByText(/The cache answered \d+\.\d % of reads/).first()).toBeVisible();
	const figures = page.getByRole("table", { name: "Figures" });
	await expect(figures).toContainText("Hit rate, simulated");
	await shoot("report");
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: "Download report" }).click();
	const file = await (await download).path();
	expect(readFileSync(file, "utf8")).toContain(`# Caching strategies on ${CACHE}`);

	const address = new URL(page.url());
	await page.goto("/lab");
	const id = address.pathname.split("/").at(-1) ?? "";
	await page.getByRole("table", { name: "Lab runs" }).getByRole("link", { name: id }).click();
	await page.getByRole("button", { name: "Delete" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Delete run" }).click();
	await expect(page).toHaveURL(/\/lab$/);
	await page.goto(address.pathname);
	await expect(page.getByRole("heading", { name: `There is no lab run ${id}` })).toBeVisible();
	await installation.deleteCache(CACHE);
});
