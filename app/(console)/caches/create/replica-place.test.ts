import { describe, expect, it } from "vitest";
import { replicaPlace } from "./replica-place.ts";

const host = (name: string, zone: string) => ({ name, zone });

describe("a serverless cache's replica", () => {
	it("is in another zone, where there is one", () => {
		expect(replicaPlace([host("x", "a"), host("y", "b")])).toEqual({
			words: "in another zone",
			gap: null,
		});
	});

	it.each([
		["the loss of that zone", [host("x", "a"), host("y", "a")], "on another host in a"],
		["the loss of the host", [host("x", "a")], "on x as well"],
		["No host is online", [], "once hosts are online"],
	])("otherwise the form says what isn't covered: %s", (gap, hosts, words) => {
		const place = replicaPlace(hosts);
		expect(place.words).toBe(words);
		expect(place.gap).toContain(gap);
	});
});
