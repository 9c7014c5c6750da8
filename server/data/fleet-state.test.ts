import { beforeEach, expect, it } from "vitest";
import { FleetState } from "./fleet-state.ts";

const time = { now: 0 };
let fleet: FleetState;
const HOSTS = ["h1", "h2", "h3"] as const;

/** That host's Sentinel holds the node at this port to lead. */
function say(host: string, port: number): string[] {
	return fleet.setSentinel(
		{ id: host, address: host },
		{
			...{ phase: "running", version: "9.1.2", reason: null, port: 26_379 },
			caches: [{ cacheId: "c", primary: { host: "a", port }, peers: 2, failoverUnderWay: false }],
		},
	);
}

beforeEach(() => {
	time.now = 1_000;
	fleet = new FleetState({ now: () => new Date(time.now) });
	for (const host of HOSTS) {
		fleet.touch(host);
		say(host, 1);
	}
});

it("Sentinels have chosen once most of them hold another one to lead than at the last failover", () => {
	const since = new Date(1_500);
	expect(fleet.sentinelsChoice("c", null)).toEqual({ host: "a", port: 1 });
	expect(fleet.sentinelsChoice("c", since)).toBeNull();
	time.now = 2_000;
	expect(say("h1", 2)).toEqual(["c"]);
	expect(fleet.sentinelsChoice("c", since)).toBeNull();
	expect(say("h2", 2)).toEqual(["c"]);
	time.now = 2_100;
	expect(say("h2", 2)).toEqual([]);
	expect(fleet.sentinelsChoice("c", since)).toEqual({ host: "a", port: 2 });
	expect(fleet.sentinelsChoice("c", new Date(2_050))).toBeNull();
	expect(fleet.sentinelsChoice("another", since)).toBeNull();
});
