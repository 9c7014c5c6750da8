/**
 * `npm run bench:pages`: cold loads of every page of the console, each by a browser that has never seen it: first and
 * largest contentful paint, layout shift, and what had to be fetched. Nothing is throttled: browser, control plane,
 * agents and an engine share the machine's processors, over loopback. Only the control plane is warm: it has served
 * each page before.
 */
import { type Browser, chromium } from "@playwright/test";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { signInAdministrator } from "../console/administrator.ts";
import { LAUNCH_OPTIONS } from "../fixtures/browser.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { startInstallation } from "../fixtures/installation.ts";

await cleanUpWhenCutShort();

const ROUNDS = 3;
const CACHE = "orders";
const PATHS = [
	"/caches",
	`/caches/${CACHE}`,
	`/caches/${CACHE}?tab=nodes`,
	`/caches/${CACHE}?tab=metrics`,
	`/caches/${CACHE}?tab=parameters`,
	`/caches/${CACHE}?tab=events`,
	`/caches/${CACHE}?tab=connect`,
	`/caches/${CACHE}?tab=configuration`,
	"/caches/create",
	"/caches/create?mode=custom",
	"/parameter-groups",
	"/parameter-groups/default.valkey9",
	"/node-types",
	"/costs",
	"/hosts",
	"/events",
	"/tokens",
	"/audit",
	"/users",
	"/account",
	"/api-reference",
	"/login",
];

/** Times in ms from the start of the navigation; sizes in kB as transferred. */
interface Load {
	readonly firstPaint: number;
	readonly largestPaint: number;
	readonly layoutShift: number;
	readonly scriptKb: number;
	readonly requests: number;
}

const larder = await startInstallation({ console: true });
const browser = await chromium.launch(LAUNCH_OPTIONS);
try {
	const session = await signInAdministrator(larder);
	await larder.createCache({ name: CACHE, replicasPerShard: 2 });
	await larder.waitForStatus(CACHE, "available");
	const rows: string[][] = [];
	for (const path of PATHS) {
		const loads: Load[] = [];
		const state = path === "/login" ? undefined : session;
		// The control plane loads a page's code at the first request for it, which says nothing about browsers.
		await loadCold(browser, path, state);
		for (let round = 0; round < ROUNDS; round++) loads.push(await loadCold(browser, path, state));
		const of = (key: keyof Load) => median(loads.map((load) => load[key]));
		rows.push([
			`\`${path}\``,
			of("firstPaint").toFixed(0),
			of("largestPaint").toFixed(0),
			of("layoutShift").toFixed(3),
			of("scriptKb").toFixed(0),
			of("requests").toFixed(0),
		]);
	}
	const head = ["page", "FCP ms", "LCP ms", "layout shift", "JS kB", "requests"];
	console.log(markdownTable([head, ...rows]));
} finally {
	await browser.close();
	await larder.stop();
}

async function loadCold(
	on: Browser,
	path: string,
	storageState: Awaited<ReturnType<typeof signInAdministrator>> | undefined,
): Promise<Load> {
	const viewport = { width: 1440, height: 900 };
	const context = await on.newContext({
		baseURL: larder.url,
		viewport,
		...(storageState !== undefined && { storageState }),
	});
	const page = await context.newPage();
	await page.addInitScript(() => {
		const seen = { largestPaint: 0, layoutShift: 0 };
		Object.assign(window, { seen });
		new PerformanceObserver((list) => {
			for (const { startTime } of list.getEntries()) seen.largestPaint = startTime;
		}).observe({ type: "largest-contentful-paint", buffered: true });
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries())
				seen.layoutShift += Number(Reflect.get(entry, "value"));
		}).observe({ type: "layout-shift", buffered: true });
	});
	await page.goto(path);
	await page.getByRole("heading", { level: 1 }).waitFor();
	// If there are several, the first may disappear before the others.
	const loading = page.getByRole("status", { name: /Loading/ });
	while ((await loading.count()) > 0) await loading.first().waitFor({ state: "detached" });
	// Once no request is pending, the largest text has been painted. The pause is short, because pages poll.
	await page.waitForLoadState("networkidle");
	const load = await page.evaluate((): Load => {
		const seen: { largestPaint: number; layoutShift: number } = Reflect.get(window, "seen");
		const resources = performance
			.getEntriesByType("resource")
			.filter((entry) => entry instanceof PerformanceResourceTiming);
		const scripts = resources.filter(({ name }) => new URL(name).pathname.endsWith(".js"));
		return {
			firstPaint:
				performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
			...seen,
			scriptKb: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1_000,
			requests: resources.length + 1,
		};
	});
	await context.close();
	return load;
}
