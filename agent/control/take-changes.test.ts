import { expect, test } from "vitest";
import type { Route, RouteChanges } from "../../server/contract/routes.ts";
import { takeChanges } from "./take-changes.ts";

const route = (cacheId: string, cacheName = cacheId): Route => ({
	...{ cacheId, cacheName, engine: "memcached", tcpKeepaliveSeconds: 60, servers: [] },
	...{ ports: { primary: null, reader: null, configuration: 1 }, check: null, discovery: null },
	sentinel: null,
});
const changes = (what: Partial<RouteChanges>): RouteChanges => ({
	...{ revision: 2, whole: false, routes: [], gone: [], sentinelPassword: "door" },
	...what,
});
const held = { revision: 1, routes: [route("a"), route("b"), route("c")], sentinelPassword: "old" };

test("changes add, replace and remove routes; the others stay", () => {
	const news = changes({ routes: [route("d"), route("b", "renamed")], gone: ["c", "unknown"] });
	expect(takeChanges(held, news)).toEqual({
		revision: 2,
		routes: [route("a"), route("b", "renamed"), route("d")],
		sentinelPassword: "door",
	});
});

test("whole routes replace all that the agent held", () => {
	const news = changes({ whole: true, routes: [route("b")] });
	expect(takeChanges(held, news).routes).toEqual([route("b")]);
	expect(takeChanges(null, news).routes).toEqual([route("b")]);
});
