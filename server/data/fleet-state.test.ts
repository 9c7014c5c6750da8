import { expect, it } from "vitest";
import { FleetState } from "./fleet-state.ts";
import type { StoredObservation } from "./stored-observation.ts";

const observation = (changes: Partial<StoredObservation>): StoredObservation => ({
	assignmentId: "n1",
	generation: 1,
	phase: "running",
	reason: null,
	pid: 10,
	startedAt: null,
	silentSince: null,
	busy: false,
	launchPermit: 0,
	restarts: 0,
	port: 17_000,
	reboot: 0,
	pendingParameters: [],
	clientLimit: null,
	keptData: false,
	engineState: null,
	hasSynced: true,
	hasLed: false,
	...changes,
});

it("a node counts as gone from its first silence, through its exit, until it answers", () => {
	let now = 1_000;
	const fleet = new FleetState({ now: () => new Date(now) });
	const see = (at: number, changes: Partial<StoredObservation>) => {
		now = at;
		fleet.setObservation("n1", observation(changes));
		return fleet.goneSince("n1");
	};
	expect(see(1_000, {})).toBeNull();
	expect(see(2_000, { silentSince: new Date(1_600).toISOString() })).toBe(2_000);
	expect(see(3_500, { phase: "exited", pid: null })).toBe(2_000);
	expect(see(5_000, {})).toBeNull();
	expect(see(6_000, { phase: "exited", pid: null })).toBe(6_000);
});

it("a host that waits for our answer isn't silent, and the answer renews its lease", () => {
	let now = 0;
	const fleet = new FleetState({ now: () => new Date(now) });
	fleet.touch("h1");
	const end = fleet.beginReport("h1");
	now = 60_000;
	expect(fleet.isSuspect("h1")).toBe(false);
	expect(fleet.expireLeases()).toEqual([]);
	end();
	expect(fleet.lastSeenAt("h1")).toEqual(new Date(60_000));
	now = 75_000;
	expect(fleet.isSuspect("h1")).toBe(true);
	expect(fleet.expireLeases()).toEqual(["h1"]);
});

it("a host that is removed while its report is processed stays forgotten", () => {
	const fleet = new FleetState({ now: () => new Date(0) });
	fleet.touch("h1");
	const end = fleet.beginReport("h1");
	fleet.forgetHost("h1");
	end();
	expect(fleet.lastSeenAt("h1")).toBeNull();
});

it("the Sentinels of a cache are those whose newest report says that they watch it", () => {
	const fleet = new FleetState({ now: () => new Date(1_000) });
	const report = (id: string, ...cacheIds: string[]) =>
		fleet.setSentinel(
			{ id, address: `10.0.0.${id}` },
			{
				...{ phase: "running", version: "9.1", reason: null, port: 26_379 },
				caches: cacheIds.map((cacheId) => ({
					...{ cacheId, primary: { host: "10.0.0.9", port: 17_000 }, peers: 2 },
					failoverUnderWay: id === "2",
				})),
			},
		);
	const watchers = (cacheId: string) => fleet.sentinelsOf(cacheId).map(({ host }) => host);
	report("1", "orders");
	report("2", "orders", "carts");
	expect(watchers("orders")).toEqual(["10.0.0.1", "10.0.0.2"]);
	expect(fleet.sentinelsOf("carts")).toEqual([
		{ host: "10.0.0.2", port: 26_379, failoverUnderWay: true },
	]);
	report("2", "carts");
	expect(watchers("orders")).toEqual(["10.0.0.1"]);
	fleet.forgetHost("2");
	expect(watchers("carts")).toEqual([]);
});
