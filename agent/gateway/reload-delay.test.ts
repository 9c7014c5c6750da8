import { expect, test } from "vitest";
import type { Route } from "../../server/contract/routes.ts";
import { ReloadDelay } from "./reload-delay.ts";

function route(cacheId: string, port = 6379): Route {
	return {
		...{ cacheId, cacheName: cacheId, engine: "valkey" },
		ports: { primary: port, reader: null, configuration: null },
		servers: [{ nodeId: `${cacheId}-001`, host: "127.0.0.1", port: 17_000, leads: true }],
		...{ check: null, discovery: null, sentinel: null, tcpKeepaliveSeconds: 300 },
	};
}
const inForce = (...routes: Route[]) => new Map(routes.map((each) => [each.cacheId, each]));
const open = () => true;

test("the reload for a new endpoint that is open without HAProxy waits a second for more of them", () => {
	const delay = new ReloadDelay();
	const [a, b, c] = [route("a"), route("b"), route("c")];
	expect(delay.leftMs([a], inForce(a), open, 0)).toBe(0);
	expect(delay.leftMs([a, b], inForce(a), open, 5_000)).toBe(1_000);
	expect(delay.leftMs([a, b, c], inForce(a), open, 5_800)).toBe(200);
	expect(delay.leftMs([a, b, c], inForce(a), open, 6_100)).toBe(0);
	expect(delay.leftMs([a, b, c], inForce(a, b, c), open, 6_200)).toBe(0);
	expect(delay.leftMs([a, b, c, route("d")], inForce(a, b, c), open, 9_000)).toBe(1_000);
});

test.each<[string, Route[], (route: Route) => boolean]>([
	["one of the new endpoints is open through HAProxy alone", [route("a"), route("b")], () => false],
	["a known endpoint has another port", [route("a", 6_380), route("b")], open],
	["a known endpoint is gone", [route("b")], open],
])("the reload doesn't wait if %s", (_, routes, isOpen) => {
	expect(new ReloadDelay().leftMs(routes, inForce(route("a")), isOpen, 0)).toBe(0);
});

test("a known endpoint whose leader changed doesn't cut the wait short", () => {
	const a = route("a");
	const led = { ...a, servers: a.servers.map((server) => ({ ...server, leads: false })) };
	expect(new ReloadDelay().leftMs([led, route("b")], inForce(a), open, 0)).toBe(1_000);
});
