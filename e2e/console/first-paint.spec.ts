import type { APIRequestContext } from "@playwright/test";
import { expect, test } from "./console-test.ts";

/** What a browser can paint of a page before any script runs. */
async function markupOf(request: APIRequestContext, path: string): Promise<string> {
	const html = await (await request.get(path)).text();
	return html.replace(/<script\b.*?<\/script>/gs, "");
}

test("pages arrive with their data, but only for users who are signed in", async ({
	page,
	browser,
	installation,
}) => {
	const name = "early";
	await installation.createCache({ name, replicasPerShard: 1 });
	await installation.waitForStatus(name, "available");
	const stranger = await browser.newContext({ baseURL: installation.url });
	for (const [path, datum] of [
		["/caches", `href="/caches/${name}"`],
		[`/caches/${name}`, `${name}-002`],
		[`/caches/${name}?tab=nodes`, `${name}-002`],
		["/hosts", "local-b"],
		[`/events?cache=${name}`, `Cache ${name} is available`],
		["/users", "ada@example.com"],
	] as const) {
		expect(await markupOf(page.request, path), path).toContain(datum);
		const answer = await stranger.request.get(path, { maxRedirects: 0 });
		expect(answer.status(), `${path} for a stranger`).toBe(307);
		const next = path === "/caches" ? "" : `?next=${encodeURIComponent(path)}`;
		expect(answer.headers().location).toBe(`/login${next}`);
		expect(await answer.text()).not.toContain(datum);
	}
	await stranger.close();
	await installation.deleteCache(name);
});
