import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS_MS } from "../../contract/accelerator-process.ts";
import { type AcceleratorFacts, acceleratorStatus } from "./accelerator-status.ts";
import { percentile } from "./latency.ts";
import { placeInstances } from "./place-instances.ts";

const host = (id: string, zone: string, takesNew = true) => ({ id, zone, takesNew, instances: 0 });
const HOSTS = [host("a1", "a"), host("a2", "a"), host("b1", "b"), host("c1", "c")];

describe("instances", () => {
	it("go to a host each, in as many zones as there are", () => {
		expect(placeInstances({ wanted: 3, present: [], hosts: HOSTS }).add).toEqual([
			"a1",
			"b1",
			"c1",
		]);
		const four = placeInstances({ wanted: 9, present: ["a2"], hosts: HOSTS });
		expect(four).toEqual({ add: ["b1", "c1", "a1"], remove: [] });
	});

	it("that are too many go from the zones that have most", () => {
		const present = HOSTS.map(({ id }) => id);
		expect(placeInstances({ wanted: 3, present, hosts: HOSTS }).remove).toEqual(["a2"]);
		expect(placeInstances({ wanted: 1, present, hosts: HOSTS }).remove).toEqual(["a2", "c1", "b1"]);
	});

	it("stay where they are, and leave hosts that may not keep them", () => {
		expect(placeInstances({ wanted: 2, present: ["a1", "a2"], hosts: HOSTS })).toEqual({
			add: [],
			remove: [],
		});
		const plan = placeInstances({ wanted: 2, present: ["a1", "gone"], hosts: HOSTS });
		expect(plan).toEqual({ add: ["b1"], remove: ["gone"] });
		const cordoned = HOSTS.map((each) => ({ ...each, takesNew: each.id === "c1" }));
		expect(placeInstances({ wanted: 2, present: ["a1"], hosts: cordoned }).add).toEqual(["c1"]);
	});
});

describe("the status", () => {
	const instance = {
		...{ hostName: "h", online: true, joining: false, running: true },
		...{ reason: null, cacheUsable: true },
	};
	const joining = { ...instance, running: false, joining: true, cacheUsable: null };
	const facts: AcceleratorFacts = {
		...{ cacheName: "hot", wanted: 2, wasAvailable: true, hasPorts: true },
		instances: [instance, { ...instance, hostName: "i" }],
		endpoints: [{ known: true, ready: true, problem: null }],
	};
	const dead = { ...instance, running: false, reason: "it ended" };

	it.each<[string, Partial<AcceleratorFacts>, string, RegExp | null]>([
		["all is well", {}, "available", null],
		["it is new", { wasAvailable: false, instances: [dead, dead] }, "creating", /it ended/],
		["no instance serves", { instances: [dead, dead] }, "unavailable", /it ended/],
		["one instance serves", { instances: [instance, dead] }, "degraded", /1 of 2 instances serve/],
		[
			"the cache is away",
			{ instances: [{ ...instance, cacheUsable: false }, instance] },
			"degraded",
			/refuse writes/,
		],
		["hosts are missing", { instances: [instance] }, "degraded", /Only 1 of 2/],
		[
			"its port is taken",
			{ endpoints: [{ known: true, ready: false, problem: "port 1 is in use" }] },
			"unavailable",
			/port 1/,
		],
		["an instance joins those that serve", { instances: [instance, joining] }, "available", null],
		[
			"it is new, and an instance is starting",
			{ wasAvailable: false, instances: [instance, joining] },
			"creating",
			/1 of 2/,
		],
		["one joins, and none serves", { instances: [joining] }, "unavailable", /starting/],
		[
			"a host is new to its endpoint",
			{ endpoints: [...facts.endpoints, { known: false, ready: false, problem: null }] },
			"available",
			null,
		],
	])("when %s", (_, changes, status, reason) => {
		const found = acceleratorStatus({ ...facts, ...changes });
		expect(found?.status).toBe(status);
		if (reason === null) expect(found?.reason).toBeNull();
		else expect(found?.reason).toMatch(reason);
	});

	it("isn't known before a host has said something about the endpoint, unless the accelerator is new", () => {
		const endpoints = [{ known: false, ready: false, problem: null }];
		expect(acceleratorStatus({ ...facts, endpoints })).toBeNull();
		expect(acceleratorStatus({ ...facts, endpoints, wasAvailable: false })?.status).toBe(
			"creating",
		);
	});
});

it("a percentile lies in the class that the call is in", () => {
	const counts = LATENCY_BOUNDS_MS.map(() => 0).concat(0);
	expect(percentile(counts, 0.5)).toBeNull();
	counts[3] = 98;
	counts[10] = 2;
	expect(percentile(counts, 0.5)).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[3] ?? 0);
	expect(percentile(counts, 0.99)).toBeGreaterThan(LATENCY_BOUNDS_MS[9] ?? 0);
});
