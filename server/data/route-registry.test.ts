import { beforeEach, describe, expect, it } from "vitest";
import type { Route } from "../contract/routes.ts";
import { RouteRegistry, type StoredRoute } from "./route-registry.ts";

let registry: RouteRegistry;
const HOSTS = ["a", "b", "c", "d"].map((id) => ({ id, zone: "z" }));

function route(cacheId: string, watchers: string[] = []): Route {
	return {
		...{ cacheId, cacheName: cacheId, engine: "valkey", check: null, discovery: null },
		...{ tcpKeepaliveSeconds: 60, servers: [] },
		ports: { primary: 6_379, reader: 6_380, configuration: null },
		sentinel: {
			...{ hosts: watchers, quorum: 2, username: "larder-sentinel", password: `of ${cacheId}` },
		},
	};
}

function stored(cacheId: string, revision: number, hostIds: string[], watchers?: string[]) {
	const made = route(cacheId, watchers);
	return { cacheId, revision, hostIds, route: made, nodes: [] } satisfies StoredRoute;
}

/** Every host has asked once, and holds revision 1. */
beforeEach(() => {
	registry = new RouteRegistry();
	registry.take([stored("one", 1, ["a", "b"], ["a"]), stored("two", 1, ["b", "c"], ["c"])], 1);
	expect(registry.settle(HOSTS)).toEqual(["a", "b", "c", "d"]);
	for (const { id } of HOSTS) registry.newer(id, -1);
});

const idsFor = (hostId: string, held: number) => {
	const news = registry.newer(hostId, held);
	return news && { ...news, routes: news.routes.map(({ cacheId }) => cacheId) };
};

describe("what a host receives", () => {
	it("at first all routes that it serves, without the logins of Sentinels that it doesn't run", () => {
		const news = registry.newer("b", -1);
		expect(news).toMatchObject({ revision: 1, whole: true, gone: [] });
		expect(news?.routes.map(({ cacheId }) => cacheId)).toEqual(["one", "two"]);
		expect(JSON.stringify(news)).not.toContain("of one");
		expect(JSON.stringify(registry.newer("a", -1))).toContain("of one");
		expect(idsFor("d", -1)).toMatchObject({ whole: true, routes: [] });
	});

	it("then only what changed, if it concerns the host", () => {
		expect(registry.take([stored("one", 2, ["a", "b"])], 2)).toEqual(new Set(["a", "b"]));
		expect(registry.newer("c", 1)).toBeNull();
		expect(idsFor("b", 1)).toEqual({ revision: 2, whole: false, routes: ["one"], gone: [] });
		expect(registry.newer("b", 2)).toBeNull();
	});

	it("changes that it missed, each route once and as it is now", () => {
		registry.take([stored("one", 2, ["a", "b"])], 2);
		registry.take([stored("one", 3, ["a", "c"]), stored("two", 3, ["b", "c"])], 3);
		expect(idsFor("b", 1)).toEqual({ revision: 3, whole: false, routes: ["two"], gone: ["one"] });
		expect(idsFor("c", 1)).toMatchObject({ routes: ["one", "two"], gone: [] });
		// It didn't get the answer, and asks again.
		expect(idsFor("b", 1)).toMatchObject({ routes: ["two"], gone: ["one"] });
	});

	it("the end of a cache, once", () => {
		registry.take([{ ...stored("two", 2, ["b", "c"]), route: null }], 2);
		expect(idsFor("c", 1)).toEqual({ revision: 2, whole: false, routes: [], gone: ["two"] });
		expect(registry.newer("c", 2)).toBeNull();
		expect(registry.hostsOf("two")).toEqual([]);
	});

	it("all routes again if it holds an older revision than it once reported", () => {
		registry.take([stored("one", 2, ["a", "b"])], 2);
		registry.newer("b", 2);
		expect(idsFor("b", 1)).toMatchObject({ whole: true, routes: ["one", "two"] });
	});

	it("nothing while it counts as lost: it keeps what it serves until its caches get other hosts", () => {
		registry.take([stored("one", 2, ["a"])], 2);
		registry.settle(HOSTS.filter(({ id }) => id !== "b"));
		expect(registry.newer("b", 1)).toBeNull();
		registry.take([stored("one", 3, ["a", "b"])], 3);
		expect(registry.settle(HOSTS)).toEqual(["b"]);
		expect(idsFor("b", 1)).toMatchObject({ whole: true, routes: ["one", "two"] });
	});
});
