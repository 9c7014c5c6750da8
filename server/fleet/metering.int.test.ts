import { beforeEach, expect, it } from "vitest";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import { GIB } from "../contract/limits.ts";
import { nodeHourlyCost } from "../contract/node-price.ts";
import { costsInputSchema, usageInputSchema } from "../contract/usage.ts";
import { storeSamples } from "../data/metrics-store.ts";
import { expireUsage, readUsage } from "../data/usage-store.ts";
import { reconcileCache } from "../reconciler/reconcile-cache.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { getCacheCosts } from "../services/costs/get-cache-costs.ts";
import { getCosts } from "../services/costs/get-costs.ts";
import { getUsage } from "../services/costs/get-usage.ts";
import { setRateCard } from "../services/costs/set-rate-card.ts";
import { enrollTestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { meterNodes } from "./meter-nodes.ts";
import { takeUsage } from "./take-usage.ts";

let test: TestResources;
let nodeId: string;
let cacheId: string;
const caller = testCaller();
const START = Date.parse("2026-01-01T00:00:00Z");

beforeEach(async () => {
	test = await openTestResources();
	await meterNodes(test.resources);
	await enrollTestHost(test, "h1", "a");
	await createCache(test.resources, caller, createCacheInputSchema.parse({ name: "m" }));
	const cache = await test.resources.db.cache.findFirstOrThrow();
	cacheId = cache.id;
	await reconcileCache(test.resources, cacheId, (work) => work());
	nodeId = (await test.resources.db.node.findFirstOrThrow()).id;
});

const at = (second: number) => new Date(START + second * 1_000);
const NONE = { calls: 0, usec: 0 };
/** A process that began at second 0 and has carried out that many small requests. */
const reading = (process: string, second: number, requests: number, storedBytes = 0) => ({
	...{ assignmentId: nodeId, at: at(second).toISOString(), process, storedBytes },
	counters: {
		...{ uptimeSeconds: second, cpuUsec: 0, simple: NONE },
		bytes: { total: requests * 20 + second, clients: requests * 20 },
		requests: { direct: requests, replicable: null },
		heavy: { direct: NONE, replicable: NONE },
	},
});
const usage = async (spanSeconds: number) =>
	await readUsage(test.resources.db, {
		...{ cacheIds: [cacheId], spanSeconds, from: at(-86_400), to: at(10 * 86_400) },
	});
const ecpus = async (spanSeconds: number) =>
	(await usage(spanSeconds)).reduce((sum, row) => sum + row.ecpus, 0);
const take = (...readings: ReturnType<typeof reading>[]) => takeUsage(test.resources, readings);
const tickAt = async (second: number) => {
	test.time.now = at(second);
	await meterNodes(test.resources);
};

it("counts every request once: reports that come twice, late, or out of order, and restarts, change nothing", async () => {
	await take(reading("one", 60, 500), reading("one", 120, 900));
	await take(reading("one", 60, 500));
	await Promise.all([take(reading("one", 180, 1_300)), take(reading("one", 120, 900))]);
	expect(await ecpus(60)).toBeCloseTo(1_300, 6);
	// The engine has restarted; what the first process did last arrives after the second's first reading.
	await take({ ...reading("two", 30, 40), at: at(240).toISOString() });
	await take(reading("one", 200, 1_350), reading("one", 200, 1_350));
	expect(await ecpus(60)).toBeCloseTo(1_390, 6);
	for (const span of [3_600, 86_400]) expect(await ecpus(span)).toBeCloseTo(1_390, 6);
});

it("spreads what was used in an outage over its minutes, and over hours if it was long", async () => {
	await take(reading("one", 60, 600, 1_000), reading("one", 360, 3_600, 1_000));
	expect((await usage(60)).map((row) => Math.round(row.ecpus))).toEqual(Array(6).fill(600));
	expect((await usage(60)).map((row) => Math.round(row.storedByteSeconds))).toEqual(
		Array(6).fill(60_000),
	);
	await take(reading("one", 360 + 4 * 3_600, 3_600 + 40_000));
	expect(await usage(60)).toHaveLength(6);
	expect(await usage(3_600)).toHaveLength(5);
	expect(await ecpus(3_600)).toBeCloseTo(43_600, 6);
});

it("leaves out what engines did before usage was metered", async () => {
	await take({ ...reading("old", 7_200, 1_000_000), at: at(60).toISOString() });
	expect(await ecpus(60)).toBe(0);
	await take({ ...reading("old", 7_260, 1_000_070), at: at(120).toISOString() });
	expect(await ecpus(60)).toBeCloseTo(70, 6);
});

it("counts nothing from before it was metered if the first reading comes before the first look at nodes", async () => {
	const { db } = test.resources;
	await db.metering.deleteMany();
	await take({ ...reading("old", 7_200, 1_000_000), at: at(30).toISOString() });
	await meterNodes(test.resources);
	expect(await usage(3_600)).toEqual([]);
	await take({ ...reading("old", 7_260, 1_000_070), at: at(90).toISOString() });
	expect(await ecpus(60)).toBeCloseTo(70, 6);
});

it("writes no usage for a node without data or requests", async () => {
	await take(reading("one", 60, 0));
	expect(await test.resources.db.meteredProcess.count()).toBe(1);
	expect(await usage(60)).toEqual([]);
});

it("adds up node-hours with their cost, through an outage of the control plane, and keeps them for deleted caches", async () => {
	const { db, rateCard } = test.resources;
	const node = { engine: "valkey", nodeType: "cache.t4g.micro", memoryBytes: GIB / 2 } as const;
	const price = nodeHourlyCost(rateCard, node);
	expect(price).toBeCloseTo(0.8 * 0.016, 9);
	await tickAt(60);
	await tickAt(1_800);
	await tickAt(1_800);
	const hour = () => usage(3_600).then(([row]) => row);
	expect(await hour()).toMatchObject({ nodeSeconds: 1_800, cacheSeconds: 1_800 });
	expect((await hour())?.cost).toBeCloseTo(price / 2, 9);
	expect(await usage(60)).toHaveLength(30);
	// A clock that was set back counts no time twice.
	await tickAt(900);
	await tickAt(1_800);
	expect(await hour()).toMatchObject({ nodeSeconds: 1_800 });
	const half = { nodeHours: 0.5, ecpus: 0, dataStorageGbHours: 0, cost: price / 2 };
	const items = async (unit: "minute" | "hour" | "day") =>
		(await getUsage(test.resources, usageInputSchema.parse({ cache: "m", unit }))).items;
	expect(await items("hour")).toMatchObject([{ at: "2026-01-01T00:00:00.000Z", ...half }]);
	expect(await items("minute")).toHaveLength(30);
	await db.cache.updateMany({ data: { tags: { team: "web" } } });
	await tickAt(1_860);
	await db.node.deleteMany();
	await db.cache.deleteMany();
	await tickAt(3_600);
	expect(await hour()).toMatchObject({ nodeSeconds: 1_860 });
	expect(await db.meteredCache.findFirstOrThrow()).toMatchObject({
		name: "m",
		deletedAt: at(3_600),
	});
	const costs = (input: object) => getCosts(test.resources, costsInputSchema.parse(input));
	const cost = (price * 1_860) / 3_600;
	const bill = await costs({});
	expect(bill).toMatchObject({
		...{ currency: "USD", from: "2026-01-01T00:00:00.000Z" },
		month: { month: "2026-01", soFar: bill.total, forecast: bill.total },
		items: [{ key: "m", engine: "valkey", deletedAt: at(3_600).toISOString() }],
	});
	expect(bill.total).toBeCloseTo(cost, 8);
	for (const [input, key] of [
		[{ groupBy: "tag", tagKey: "team" }, "web"],
		[{ groupBy: "tag", tagKey: "other" }, null],
		[{ groupBy: "engine" }, "valkey"],
		[{ groupBy: "day" }, "2026-01-01"],
		[{ groupBy: "month" }, "2026-01"],
		[{ groupBy: "day", from: "2026-01-01", to: "2026-01-01T00:20:00Z" }, "2026-01-01"],
	] as const) {
		const { items: groups, total } = await costs(input);
		expect(groups).toMatchObject([{ key, cost: total }]);
		expect(total).toBeCloseTo(cost, 8);
	}
	expect((await costs({ groupBy: "day", from: "2025-12-01", to: "2026-01-01" })).items).toEqual([]);
});

it("says what a cache would cost in other forms, from what it used, once it has been used for an hour", async () => {
	const costs = () => getCacheCosts(test.resources, { name: "m" });
	await tickAt(1_800);
	const early = await costs();
	expect(early.comparison).toMatchObject({ sampleHours: 0.5, serverless: null, needs: null });
	expect(early.comparison.reason).toContain("for 30 min; estimates need an hour");
	await tickAt(7_200);
	await take(reading("one", 7_200, 2_000_000, 2e9));
	const sample = {
		...{
			nodeId,
			memoryMaxBytes: 0,
			opsPerSecond: 0,
			hitsPerSecond: 0,
			missesPerSecond: 0,
			keys: 0,
		},
		...{ evictionsPerSecond: 0, replicationLagBytes: null },
	};
	// Memory and connections count at their highest, processors on average.
	await storeSamples(test.resources.db, [
		{ ...sample, at: at(7_200), memoryUsedBytes: 2.5 * GIB, clients: 7, cpuPercent: 50 },
		{ ...sample, at: at(7_205), memoryUsedBytes: 0.5 * GIB, clients: 1, cpuPercent: 10 },
	]);
	const { comparison, today, month } = await costs();
	const micro = 0.8 * 0.016;
	expect(today).toBeCloseTo(2 * micro, 9);
	expect(month).toMatchObject({ month: "2026-01" });
	expect(month.forecast).toBeCloseTo(31 * 24 * micro, 6);
	expect(comparison).toMatchObject({ sampleHours: 2, reason: null });
	expect(comparison.present?.monthlyCost).toBeCloseTo(730 * micro, 6);
	expect(comparison.serverless?.monthlyCost).toBeCloseTo(730 * (2 * 0.084 + 0.0023), 6);
	expect(comparison.provisioned).toMatchObject({ what: "1 node of cache.m6g.large." });
	expect(comparison.aws).toMatchObject({
		currency: "USD",
		what: "1 node of cache.t4g.micro in us-east-1.",
	});
	expect(comparison.needs).toBe(
		"At its busiest it took 2.5 GiB, 0.30 processor cores and 7 connections. With a fifth to spare, 1 node of cache.m6g.large would be enough.",
	);
	const own = { nodeType: "own.huge", nodeMemoryBytes: BigInt(1_000 * GIB) };
	await test.resources.db.cache.updateMany({ data: own });
	const { what } = (await costs()).comparison.aws ?? {};
	expect(what).toMatch(
		/^[2-9] nodes of cache\.r\w+\.\d+xlarge .*; AWS has no node with 1,?000 GiB\.$/,
	);
});

it("bills a serverless cache for storage, at least the minimum, and for ECPUs", async () => {
	const { db } = test.resources;
	await db.cache.updateMany({ data: { kind: "serverless" } });
	await tickAt(3_600);
	const hour = async () => (await usage(3_600))[0];
	expect((await hour())?.cost).toBeCloseTo(0.1 * 0.084, 9);
	expect((await hour())?.nodeSeconds).toBe(0);
	await take(reading("one", 3_600, 2_000_000, 2e9));
	expect((await hour())?.cost).toBeCloseTo(2 * 0.084 + 2 * 0.0023, 6);
});

it("prices by today's rate card from now on, and converts costs into a new currency", async () => {
	await tickAt(3_600);
	const card = test.resources.rateCard;
	const euros = { ...card, currency: "EUR", nodeTypes: { "cache.t4g.micro": 1 } };
	await expect(setRateCard(test.resources, caller, euros)).rejects.toMatchObject({
		field: "exchangeRate",
		message: expect.stringContaining("costs so far are in USD"),
	});
	const stale = { ...euros, exchangeRate: 0.5, version: 7 };
	await expect(setRateCard(test.resources, caller, stale)).rejects.toMatchObject({
		...{ code: "conflict", field: "version" },
	});
	const saved = await setRateCard(test.resources, caller, { ...euros, exchangeRate: 0.5 });
	expect(saved.version).toBe(1);
	await tickAt(7_200);
	const costs = (await usage(3_600)).map(({ cost }) => cost);
	expect(costs[0]).toBeCloseTo(0.5 * 0.8 * 0.016, 9);
	expect(costs[1]).toBeCloseTo(0.8, 9);
	expect(
		await test.resources.db.auditEntry.findFirst({ where: { action: "rate-card.set" } }),
	).toMatchObject({ outcome: "succeeded" });
});

it("forgets minutes first, then hours, and at last the cache", async () => {
	const { db } = test.resources;
	await tickAt(60);
	await take(reading("one", 60, 10));
	await expireUsage(db, at(3 * 86_400));
	expect([await usage(60), await usage(3_600)]).toMatchObject([[], { length: 1 }]);
	expect(await db.meteredProcess.count()).toBe(1);
	await db.node.deleteMany();
	await db.cache.deleteMany();
	await tickAt(120);
	await expireUsage(db, at(40 * 86_400));
	expect([await usage(3_600), await usage(86_400)]).toMatchObject([[], { length: 1 }]);
	expect([await db.meteredProcess.count(), await db.meteredCache.count()]).toEqual([0, 1]);
	await expireUsage(db, at(4 * 365 * 86_400));
	expect(await db.meteredCache.count()).toBe(0);
});
