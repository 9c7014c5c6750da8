import { beforeAll, expect, it, vi } from "vitest";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import type { NodeMetrics } from "../contract/metrics.ts";
import { reconcileCache } from "../reconciler/reconcile-cache.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { enrollTestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { expireSamples, readSeries, storeSamples } from "./metrics-store.ts";

let test: TestResources;
let nodeId: string;

beforeAll(async () => {
	test = await openTestResources();
	await enrollTestHost(test, "h1", "a");
	await createCache(test.resources, testCaller(), createCacheInputSchema.parse({ name: "m" }));
	const cache = await test.resources.db.cache.findFirstOrThrow();
	await reconcileCache(test.resources, cache.id, (work) => work());
	nodeId = (await test.resources.db.node.findFirstOrThrow()).id;
});

const sample = (second: number, opsPerSecond: number, lag: number | null = null) => ({
	nodeId,
	at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
	memoryUsedBytes: 1,
	memoryMaxBytes: 2,
	clients: 3,
	opsPerSecond,
	hitsPerSecond: 5,
	missesPerSecond: 6,
	keys: 7,
	evictionsPerSecond: 8,
	cpuPercent: 9,
	replicationLagBytes: lag,
});
const series = async (resolutionSeconds: number, metric: keyof NodeMetrics) =>
	(
		await readSeries(test.resources.db, {
			nodeIds: [nodeId],
			resolutionSeconds,
			from: new Date(0),
		})
	).map((row) => row[metric]);

it("keeps every sample and averages them, however they arrive and however often", async () => {
	const { db } = test.resources;
	await storeSamples(db, [sample(0, 10), sample(5, 20)]);
	await storeSamples(db, [sample(5, 20), sample(10, 60)]);
	await storeSamples(db, [sample(60, 100, 4), { ...sample(61, 1), nodeId: "gone" }]);
	expect(await series(5, "opsPerSecond")).toEqual([10, 20, 60, 100]);
	expect(await series(60, "opsPerSecond")).toEqual([30, 100]);
	expect(await series(900, "opsPerSecond")).toEqual([47.5]);
	expect(await series(60, "replicationLagBytes")).toEqual([null, 4]);
	expect(await series(900, "replicationLagBytes")).toEqual([4]);
	expect(await db.metricSample.count({ where: { nodeId: "gone" } })).toBe(0);
});

it("forgets fine samples first", async () => {
	const { db } = test.resources;
	await expireSamples(db, new Date(Date.UTC(2026, 0, 1, 2)));
	expect(await series(5, "opsPerSecond")).toEqual([]);
	expect(await series(60, "opsPerSecond")).toHaveLength(2);
	await expireSamples(db, new Date(Date.UTC(2026, 0, 10)));
	expect(await series(60, "opsPerSecond")).toEqual([]);
	expect(await series(900, "opsPerSecond")).toHaveLength(1);
});

it("needs few statements for what many hosts report at the same time", async () => {
	const { db } = test.resources;
	const statements = vi.spyOn(db, "$executeRaw");
	const seconds = Array.from({ length: 30 }, (_, index) => 120 + index);
	await Promise.all(seconds.map((second) => storeSamples(db, [sample(second, 7), sample(120, 7)])));
	expect(statements.mock.calls.length).toBeLessThanOrEqual(2);
	statements.mockRestore();
	expect((await series(5, "opsPerSecond")).slice(-30)).toEqual(seconds.map(() => 7));
	expect((await series(60, "opsPerSecond")).at(-1)).toBe(7);
});
