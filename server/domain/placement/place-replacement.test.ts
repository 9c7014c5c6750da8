import { describe, expect, it } from "vitest";
import { GIB } from "../../contract/limits.ts";
import type { PlacedMember } from "../../contract/spread-nodes.ts";
import { placeReplacement, type ReplacementRequest } from "./place-replacement.ts";

function host(number: number, zone: string, freeGib = 4) {
	return {
		id: `h${number}`,
		name: `h${number}`,
		zone,
		freeMemoryBytes: freeGib * GIB,
		freeCpuMillis: 4_000,
		usedPorts: new Set<number>(),
	};
}
const member = (number: number, zone: string, leads = false): PlacedMember => ({
	hostId: `h${number}`,
	zone,
	leads,
});

/** A shard with its primary on h1 in zone a, whose replica on h2 in zone b must go. */
function place(overrides: Partial<ReplacementRequest> = {}) {
	return placeReplacement({
		hosts: [host(1, "a"), host(3, "b"), host(4, "c"), host(5, "a")],
		members: [[member(1, "a", true)]],
		shard: 0,
		from: { hostId: "h2", zone: "b" },
		only: null,
		nodeMemoryBytes: GIB,
		nodeCpuMillis: 500,
		zones: null,
		portRange: { first: 17_000, last: 17_099 },
		...overrides,
	});
}

describe("a node that takes another's place", () => {
	it("goes to the same zone if that is as good as any", () => {
		expect(place()).toEqual({ ok: true, hostId: "h3", port: 17_000 });
	});

	it("goes to a zone that the shard isn't in yet, rather than where its siblings are", () => {
		const hosts = [host(4, "c", 1), host(5, "a", 100)];
		expect(place({ hosts })).toMatchObject({ hostId: "h4" });
	});

	it("goes to a sibling's zone if no other has room, but never to its host", () => {
		expect(place({ hosts: [host(1, "a"), host(5, "a")] })).toMatchObject({ hostId: "h5" });
		expect(place({ hosts: [host(1, "a")] })).toMatchObject({
			ok: false,
			reason: expect.stringContaining("h1 (zone a)"),
		});
	});

	it("may share a host if the replaced node shares it too", () => {
		expect(place({ hosts: [host(1, "a")], from: { hostId: "h1", zone: "a" } })).toMatchObject({
			hostId: "h1",
		});
	});

	it("takes its own place again on a host where its files are gone", () => {
		expect(place({ hosts: [host(1, "a"), host(2, "b")] })).toMatchObject({ hostId: "h2" });
	});

	it("counts the nodes of all shards, so that nodes of drained hosts don't gather on one", () => {
		const members = [[member(1, "a", true)], [member(3, "b", true), member(4, "c")]];
		const hosts = [host(3, "b", 100), host(4, "b"), host(5, "b")];
		expect(place({ members, hosts })).toMatchObject({ hostId: "h5" });
	});

	it("moves only to hosts where it would be better placed, if it doesn't have to move", () => {
		expect(place({ hosts: [host(5, "a"), host(4, "c")], only: ["h4"] })).toMatchObject({
			hostId: "h4",
		});
		expect(place({ hosts: [host(5, "a")], only: ["h4"] })).toMatchObject({ ok: false });
	});

	it("says what is short and what would help", () => {
		expect(place({ hosts: [host(3, "b", 0.5)] })).toMatchObject({
			reason: expect.stringMatching(/h3 512 MiB and 4 vCPUs: none|h3 0\.5 GiB.*none/),
		});
		expect(place({ hosts: [] })).toMatchObject({
			remedy: expect.stringContaining("Add a host with 1 GiB"),
		});
		expect(place({ zones: ["d"] })).toMatchObject({
			remedy: expect.stringContaining("Add a host in zone d"),
		});
		const full = { ...host(3, "b"), usedPorts: new Set([17_000]) };
		expect(place({ hosts: [full], portRange: { first: 17_000, last: 17_000 } })).toMatchObject({
			reason: expect.stringContaining("No node port"),
		});
	});
});
