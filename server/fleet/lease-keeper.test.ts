import { expect, it } from "vitest";
import { FleetState } from "../data/fleet-state.ts";
import { createStallWatch } from "./lease-keeper.ts";

const EVERY_MS = 100;

it("time in which this process stood still doesn't count as a host's silence, and time in which it listened does", () => {
	let now = 0;
	const clock = { now: () => new Date(now) };
	const fleet = new FleetState(clock);
	const check = createStallWatch({ fleet, clock }, EVERY_MS);
	fleet.touch("h1");
	for (; now < 6_000; now += EVERY_MS) {
		if (now <= 5_000) fleet.touch("h1");
		check();
	}
	expect(fleet.isSuspect("h1")).toBe(false);
	// The process stands still for a minute, and continues.
	now += 60_000;
	check();
	expect(fleet.isSuspect("h1")).toBe(false);
	expect(fleet.expireLeases()).toEqual([]);
	for (let turn = 0; turn < 15; turn += 1) {
		now += EVERY_MS;
		check();
	}
	expect(fleet.isSuspect("h1")).toBe(true);
});
