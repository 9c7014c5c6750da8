import { expect, test } from "vitest";
import { ServerClock } from "./server-clock.ts";

test("a client whose clock is off uses the control plane's time", () => {
	const clock = new ServerClock();
	expect(clock.at(1_000)).toBe(1_000);
	clock.note("3601000", 1_000);
	expect(clock.at(2_000)).toBe(3_602_000);
	// The answer took longer; then the client's clock was set.
	clock.note("3602000", 2_300);
	expect(clock.at(3_000)).toBe(3_603_000);
	clock.note("3604000", 3_604_020);
	expect(clock.at(3_605_000)).toBe(3_604_980);
	for (const header of [null, "", "soon"]) clock.note(header, 0);
	expect(clock.at(3_605_000)).toBe(3_604_980);
});
