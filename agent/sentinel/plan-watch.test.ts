import { expect, test } from "vitest";
import type { RouteTable } from "../../server/contract/routes.ts";
import { type HeldCache, planWatch } from "./plan-watch.ts";
import type { AppliedCache } from "./sentinel-record.ts";
import { settingsHash, type WatchedCache, watchedCaches } from "./watched-cache.ts";

const A = { host: "10.0.0.1", port: 17_000 };
const B = { host: "10.0.0.2", port: 17_000 };

function want(changes: Partial<WatchedCache> = {}): WatchedCache {
	return {
		...{ cacheId: "cache-1", primary: A, settings: ["quorum", "2"], quorum: 2 },
		login: { username: "sentinel", password: "secret" },
		...{ members: ["10.0.0.1:17000", "10.0.0.2:17000"], hosts: ["a", "b", "c"] },
		...changes,
	};
}

function applied(changes: Partial<AppliedCache> = {}): AppliedCache {
	const { members, hosts } = want();
	const lists = { members: [...members], hosts: [...hosts] };
	return { primary: A, settings: settingsHash(want()), ...lists, epoch: 0, ...changes };
}

function hold(changes: Partial<HeldCache> = {}): HeldCache {
	return { primary: A, configEpoch: 0, down: false, failoverUnderWay: false, ...changes };
}

const nothing = { kind: "adjust", repointTo: null, forget: false, set: false };

test("an unknown cache is monitored, once it has a primary", () => {
	const plan = { kind: "monitor", primary: A };
	expect(planWatch({ wanted: want(), applied: null, held: null })).toEqual(plan);
	// Its file was lost.
	expect(planWatch({ wanted: want(), applied: applied(), held: null })).toEqual(plan);
	const leaderless = { wanted: want({ primary: null }), applied: null, held: null };
	expect(planWatch(leaderless)).toEqual({ kind: "none" });
});

test("Sentinel is re-pointed when the control plane names another primary, unless it chose the same one by itself", () => {
	const wanted = want({ primary: B });
	const plan = planWatch({ wanted, applied: applied(), held: hold() });
	expect(plan).toEqual({ ...nothing, repointTo: B });
	const held = hold({ primary: B, configEpoch: 4 });
	expect(planWatch({ wanted, applied: applied(), held })).toEqual(nothing);
	expect(planWatch({ wanted: want({ primary: null }), applied: applied(), held })).toEqual(nothing);
});

test("its own decision stands, but late news from another Sentinel doesn't", () => {
	const decided = hold({ primary: B, configEpoch: 4 });
	const plan = (epoch: number) =>
		planWatch({ wanted: want(), applied: applied({ epoch }), held: decided });
	expect(plan(3)).toEqual(nothing);
	expect(plan(4)).toEqual({ ...nothing, repointTo: A });
	// Without a record, an election's choice is believed.
	const unknown = planWatch({ wanted: want(), applied: null, held: decided });
	expect(unknown).toMatchObject({ repointTo: null });
	const named = planWatch({ wanted: want(), applied: null, held: hold({ primary: B }) });
	expect(named).toMatchObject({ repointTo: A });
});

test("nothing is touched during a failover", () => {
	const held = hold({ failoverUnderWay: true });
	const plan = planWatch({ wanted: want({ primary: B, hosts: [] }), applied: applied(), held });
	expect(plan).toEqual({ kind: "none" });
});

test("Sentinel starts over only for what is gone for good", () => {
	const members = [...want().members, "10.0.0.3:17000"];
	const more = planWatch({ wanted: want({ members }), applied: applied(), held: hold() });
	expect(more).toEqual(nothing);
	const fewer = planWatch({ wanted: want(), applied: applied({ members }), held: hold() });
	expect(fewer).toEqual({ ...nothing, forget: true });
	const hosts = planWatch({
		wanted: want({ hosts: ["a", "b", "d"] }),
		applied: applied(),
		held: hold(),
	});
	expect(hosts).toEqual({ ...nothing, forget: true });
});

test("new settings are set, and tried at once if the old ones kept Sentinel out", () => {
	const wanted = want({ settings: ["quorum", "3"] });
	expect(planWatch({ wanted, applied: applied(), held: hold() })).toEqual({
		...nothing,
		set: true,
	});
	const down = planWatch({ wanted, applied: applied(), held: hold({ down: true }) });
	expect(down).toEqual({ ...nothing, forget: true });
});

test("a host's Sentinel watches the caches whose routes name it", () => {
	const server = (host: string, leads: boolean) => ({ nodeId: host, host, port: 17_000, leads });
	const route = (cacheId: string, hosts: string[] | null): RouteTable["routes"][number] => ({
		...{ cacheId, cacheName: cacheId, engine: "valkey" },
		ports: { primary: null, reader: null, configuration: null },
		servers: [server("10.0.0.2", false), server("10.0.0.1", true)],
		...{ check: null, discovery: null, tcpKeepaliveSeconds: 300 },
		sentinel:
			hosts === null ? null : { hosts, quorum: 2, username: "sentinel", password: "secret" },
	});
	const routes = [route("ours", ["b", "a"]), route("theirs", ["b"]), route("cluster", null)];
	const caches = watchedCaches({ revision: 1, routes, sentinelPassword: "door" }, "a");
	expect([...caches.keys()]).toEqual(["ours"]);
	expect(caches.get("ours")).toMatchObject({
		primary: A,
		hosts: ["a", "b"],
		members: want().members,
	});
	expect(caches.get("ours")?.settings.slice(0, 6)).toEqual([
		...["quorum", "2", "auth-user", "sentinel", "auth-pass", "secret"],
	]);
});
