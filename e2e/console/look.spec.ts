import type { Page } from "@playwright/test";
import { createdTokenSchema } from "../../server/contract/token.ts";
import { expect, test } from "./console-test.ts";

async function sidewaysScroll(page: Page): Promise<number> {
	return page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
}

const LONG = {
	name: "a-name-as-long-as-names-may-ever-be-here",
	description: "a description that is rather long as well ".repeat(6),
	replicasPerShard: 1,
};

const LONG_SNAPSHOT = { name: `${"snapshot-".repeat(28)}abc`, cache: LONG.name };

const LONG_GROUP = { name: `${"group-".repeat(42)}abc`, family: "valkey9" };

/** Lists whose rows have names as long as names may be. */
const LISTS = [
	"/caches",
	"/hosts",
	`/caches/${LONG.name}?tab=nodes`,
	"/backups",
	"/stores",
	"/parameter-groups",
	"/node-types",
	"/events",
	"/tokens",
	"/audit",
	"/users",
	"/account",
];

/** Cells of a list's first row that aren't wholly inside the list's frame, by their columns' names. */
async function cellsOutOfSight(page: Page): Promise<string[]> {
	const cells = page.locator(".data-table").first().locator("tbody tr").first().locator("td");
	return await cells.evaluateAll((elements) =>
		elements
			.filter((element) => element.hasChildNodes())
			.filter((element) => {
				const { left, right } = element.getBoundingClientRect();
				const frame = element.closest(".data-frame")?.getBoundingClientRect();
				return left < (frame?.left ?? 0) - 1 || right > (frame?.right ?? 0) + 1;
			})
			.map((element) => element.getAttribute("data-label") ?? ""),
	);
}

test("in lists, no column and no action is out of sight, however wide the window", async ({
	page,
	installation,
}) => {
	test.slow();
	await installation.createCache(LONG);
	await installation.rest("POST", "/parameter-groups", { body: LONG_GROUP });
	await installation.rest("POST", "/snapshots", { body: LONG_SNAPSHOT });
	const token = await installation.rest("POST", "/tokens", { body: { name: LONG.name } });
	for (const path of LISTS) {
		await page.setViewportSize({ width: 1440, height: 860 });
		await page.goto(path);
		await expect(page.locator(".data-table").first()).toBeVisible();
		for (const width of [1440, 1280, 1100, 400, 1440]) {
			await page.setViewportSize({ width, height: 860 });
			await expect
				.poll(() => cellsOutOfSight(page), { message: `${path} at ${width}` })
				.toEqual([]);
			expect(await sidewaysScroll(page), `${path} at ${width}`).toBe(0);
		}
	}
	const { id } = createdTokenSchema.parse(token.body);
	await installation.rest("DELETE", `/tokens/${id}`);
	await installation.rest("DELETE", `/parameter-groups/${LONG_GROUP.name}`);
	await installation.rest("DELETE", `/snapshots/${LONG_SNAPSHOT.name}`);
	await page.goto(`/caches/${LONG.name}/modify`);
	const form = page.getByRole("form", { name: `Modify ${LONG.name}` });
	for (const width of [1440, 1280, 1100, 400]) {
		await page.setViewportSize({ width, height: 860 });
		const apply = form.getByRole("button", { name: "Apply changes" });
		await apply.scrollIntoViewIfNeeded();
		await expect(apply).toBeInViewport({ ratio: 0.9 });
		expect(await sidewaysScroll(page), `the Modify page at ${width}`).toBe(0);
	}
	await installation.deleteCache(LONG.name);
});

test("a list shows cards only while its rows are too wide for columns", async ({ page }) => {
	const rows = page.getByRole("table", { name: "Hosts" }).locator("tbody tr");
	const display = () => rows.first().evaluate((row) => getComputedStyle(row).display);
	await page.setViewportSize({ width: 1800, height: 860 });
	await page.goto("/hosts");
	await expect.poll(display).toBe("table-row");
	await page.route("**/api/trpc/*hosts.list*", async (route) => {
		const answer = await route.fetch();
		const body = (await answer.text()).replaceAll('"127.0.0.1"', `"${"host.".repeat(200)}"`);
		await route.fulfill({ response: answer, body });
	});
	await expect.poll(display).toBe("grid");
	await page.unrouteAll({ behavior: "wait" });
	await expect.poll(display).toBe("table-row");
});

test("a list is sorted by its headers and shows the columns that are chosen", async ({
	page,
	installation,
}) => {
	for (const name of ["node-10", "node-2"]) await installation.createCache({ name });
	await page.goto("/caches");
	const names = page.getByRole("table", { name: "Caches" }).locator("td[data-lead] a");
	await page.getByRole("button", { name: "Name" }).click();
	await expect(names).toHaveText(["node-2", "node-10"]);
	await page.getByRole("button", { name: "Name" }).click();
	await expect(names).toHaveText(["node-10", "node-2"]);
	await expect(page).toHaveURL(/sort=-name/);
	const created = page.getByRole("columnheader", { name: "Created" });
	await expect(created).toHaveCount(0);
	await page.getByRole("button", { name: "Choose columns" }).click();
	await page.getByRole("menuitemcheckbox", { name: "Created" }).click();
	await page.keyboard.press("Escape");
	await expect(created).toBeVisible();
	await page.reload();
	await expect(created).toBeVisible();
	await expect(names).toHaveText(["node-10", "node-2"]);
	for (const name of ["node-10", "node-2"]) await installation.deleteCache(name);
});

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
		// Pages that aren't in LISTS, one after the other.
		test.slow();
		await installation.createCache(LONG);
		const serverless = { name: `${LONG.name.slice(0, -1)}s`, kind: "serverless" };
		await installation.createCache(serverless);
		const detail = `/caches/${LONG.name}`;
		const paths = [
			"/caches/create?kind=serverless",
			`/caches/${serverless.name}`,
			`/caches/${serverless.name}?tab=nodes`,
			"/caches/create",
			"/caches/create?mode=custom",
			"/caches/create?mode=custom&engine=memcached",
			detail,
			`${detail}?tab=metrics`,
			`${detail}?tab=parameters`,
			`${detail}?tab=events`,
			`${detail}?tab=connect`,
			`${detail}?tab=configuration`,
			"/lab",
			"/costs",
			"/costs?dialog=rate-card",
			"/parameter-groups/default.valkey9",
			"/api-reference",
			"/no-such-page",
		];
		for (const path of paths) {
			await page.goto(path);
			await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
			await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
			expect(await sidewaysScroll(page), path).toBe(0);
		}
		await installation.deleteCache(serverless.name);
		await installation.deleteCache(LONG.name);
	});

	test("a zone's names fit, however long", async ({ page, installation }) => {
		await installation.createCache(LONG);
		// The installation has no zone, so the route below adds what its control plane would say with one.
		const zone = `${"a-rather-long-label.".repeat(4)}cache.example.com`;
		const name = (host: string) => `${host}.${zone}`;
		await page.route("**/api/trpc/**", async (route) => {
			const response = await route.fetch();
			const answers: unknown = await response.json().catch(() => null);
			const list: { result?: { data?: { endpoints?: Record<string, unknown> } } }[] = Array.isArray(
				answers,
			)
				? answers
				: [];
			for (const { result } of list) {
				if (result?.data?.endpoints === undefined) continue;
				result.data.endpoints.names = {
					...{ zone, port: 10_053, primary: name(LONG.name), reader: name(`${LONG.name}-ro`) },
					...{ configuration: null, nodes: [{ node: `${LONG.name}-001`, name: name("x") }] },
				};
			}
			await route.fulfill(list.length > 0 ? { response, json: list } : { response });
		});
		await page.goto(`/caches/${LONG.name}?tab=connect`);
		await expect(page.getByRole("heading", { name: "Names", exact: true })).toBeVisible();
		for (const width of [400, 1100, 1440]) {
			await page.setViewportSize({ width, height: 860 });
			expect(await sidewaysScroll(page), `at ${width}`).toBe(0);
		}
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await installation.deleteCache(LONG.name);
	});

	test("the chosen tab is in sight", async ({ page, installation }) => {
		await installation.createCache(LONG);
		await page.goto(`/caches/${LONG.name}?tab=configuration`);
		const tab = (name: string) => page.getByRole("tab", { name, exact: true });
		await expect(tab("Configuration")).toHaveAttribute("aria-selected", "true");
		await expect(tab("Configuration")).toBeInViewport({ ratio: 0.9 });
		await expect(tab("Overview")).not.toBeInViewport();
		await page.goto(`/caches/${LONG.name}`);
		await expect(tab("Overview")).toBeInViewport({ ratio: 0.9 });
		await installation.deleteCache(LONG.name);
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
