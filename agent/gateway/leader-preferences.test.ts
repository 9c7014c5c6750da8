import { expect, test } from "vitest";
import type { Route, RouteTable } from "../../server/contract/routes.ts";
import { LeaderPreferences } from "./leader-preferences.ts";

function table(revision: number, leader: string): RouteTable {
	const route: Route = {
		...{ cacheId: "c1", cacheName: "orders", engine: "valkey" },
		ports: { primary: 1, reader: 2, configuration: null },
		servers: ["n1", "n2", "n3"].map((nodeId, index) => ({
			...{ nodeId, host: "10.0.0.1", port: index, leads: nodeId === leader },
		})),
		...{ check: null, discovery: null, sentinel: null, tcpKeepaliveSeconds: 300 },
	};
	return { revision, routes: [route], sentinelPassword: "" };
}

const preferences = new LeaderPreferences();
preferences.note("c1", "n2", table(5, "n1"), 0);

function leaderBy({ routes, revision }: RouteTable, now = 10): string | undefined {
	const [route] = preferences.applyTo(routes, revision, now);
	return route?.servers.find(({ leads }) => leads)?.nodeId;
}

test("a notice outweighs the current table until a newer one arrives", () => {
	expect(leaderBy(table(5, "n1"))).toBe("n2");
	expect(leaderBy(table(5, "n1"), 1e9)).toBe("n2");
});

test("a notice outweighs older tables, whatever they say", () => {
	expect(leaderBy(table(4, "n3"))).toBe("n2");
});

test("for some time, a notice outweighs a newer table that still names the old primary", () => {
	expect(leaderBy(table(6, "n1"))).toBe("n2");
	expect(leaderBy(table(6, "n1"), 60_000)).toBe("n1");
});

test("a newer table that names another node knows more than the notice", () => {
	expect(leaderBy(table(6, "n3"))).toBe("n3");
	expect(leaderBy(table(6, "n2"))).toBe("n2");
});

test("a notice about a missing node is ignored", () => {
	preferences.note("c1", "n9", table(5, "n1"), 0);
	expect(leaderBy(table(5, "n1"))).toBe("n1");
});
