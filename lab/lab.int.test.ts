import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCluster, startEngine, type TestEngine } from "../patterns/testing/engines.ts";
import {
	type LabSample,
	type LabStrategy,
	type LabTask,
	labTaskSchema,
	labWorkloadSchema,
} from "../server/contract/lab.ts";
import { runLab } from "./run-lab.ts";

let engine: TestEngine;
let client: Redis;
beforeAll(async () => {
	engine = await startEngine("valkey", "9");
	client = new Redis({ port: engine.port });
	// Its name begins like the run's keys.
	await client.set("larder-lab:", "an application's");
});
afterAll(async () => {
	client?.disconnect();
	await engine?.stop();
});

function taskOf(
	runId: string,
	strategies: readonly LabStrategy[],
	workload: Readonly<Record<string, number>>,
	{ port, isCluster } = { port: engine.port, isCluster: false },
): LabTask {
	return labTaskSchema.parse({
		...{ kind: "run", runId, strategies, workload: labWorkloadSchema.parse(workload) },
		directory: join(tmpdir(), `larder-lab-test-${process.pid}-${runId}`),
		connection: { host: "127.0.0.1", port, username: null, password: null, isCluster },
	});
}

async function run(task: LabTask, stopAfter = Number.POSITIVE_INFINITY) {
	const stop = new AbortController();
	const samples: LabSample[] = [];
	const { results, isClean } = await runLab(task, {
		signal: stop.signal,
		onSample(sample) {
			samples.push(sample);
			if (samples.length >= stopAfter) stop.abort();
		},
	});
	expect(isClean).toBe(true);
	return { samples, results };
}

const WORKLOAD = {
	keys: 500,
	ttlSeconds: 2,
	databaseLatencyMs: 2,
	operationsPerSecond: 600,
	clients: 8,
};

it("strategies are measured side by side, their hit rates are those of the simulation, and nothing is left", async () => {
	const task = taskOf("three", ["no-cache", "ttl-only", "write-through"], {
		...WORKLOAD,
		durationSeconds: 4,
	});
	const { samples, results } = await run(task);
	expect(samples.length).toBeGreaterThanOrEqual(3);
	expect(samples.every(({ strategies }) => strategies.length === 3)).toBe(true);
	expect(samples.every(({ strategies }) => strategies[0]?.hitRate === null)).toBe(true);
	const [none, ttl, through] = results;
	expect(results.map(({ errors }) => errors)).toEqual([0, 0, 0]);
	for (const result of results) {
		// On a busy machine, few.
		expect.soft(result.reads + result.writes).toBeGreaterThan(50);
		expect.soft(result.findings).toHaveLength(2);
	}
	expect(none).toMatchObject({ hitRate: null, staleReads: 0, cacheKeys: 0, cacheBytes: 0 });
	expect(none?.databaseReads).toBe(none?.reads);
	// `npm run bench:lab` requires 2 % of a long run; here a few reads among few are several percent.
	for (const { hitRate, simulatedHitRate } of results.slice(1)) {
		expect.soft(Math.abs((hitRate ?? 0) - (simulatedHitRate ?? 1))).toBeLessThan(0.05);
	}
	expect(ttl?.staleReads).toBeGreaterThan(0);
	expect(through?.staleReads).toBe(0);
	expect(through?.cacheBytes).toBeGreaterThan((through?.cacheKeys ?? 0) * 500);
	expect(await client.keys("*")).toEqual(["larder-lab:"]);
	expect(existsSync(task.directory)).toBe(false);
});

it("the other strategies run too, are stopped early, and write-behind has given the database everything", async () => {
	const task = taskOf("others", ["early-refresh", "write-around", "write-behind"], {
		...WORKLOAD,
		durationSeconds: 120,
	});
	const { results } = await run(task, 2);
	const [early, around, behind] = results;
	expect(results.map(({ errors }) => errors)).toEqual([0, 0, 0]);
	expect(early?.hitRate).toBeGreaterThan(0.3);
	expect(around).toMatchObject({ staleReads: 0 });
	expect(behind).toMatchObject({ staleReads: 0 });
	expect(behind?.databaseWrites).toBeGreaterThan(0);
	expect(behind?.databaseWrites).toBeLessThan((behind?.writes ?? 0) / 2);
	expect(await client.keys("*")).toEqual(["larder-lab:"]);
});

it("a cluster is used and left clean as well", async () => {
	const cluster = await startCluster("valkey", "9");
	const direct = new Redis({ port: cluster.port });
	try {
		const place = { port: cluster.port, isCluster: true };
		// With as many writes, many of them reach the cache while a read loads the value.
		const workload = { ...WORKLOAD, readShare: 0.3, durationSeconds: 2 };
		const { results } = await run(taskOf("cluster", ["cache-aside"], workload, place));
		expect(results).toMatchObject([{ errors: 0 }]);
		const { hitRate, simulatedHitRate } = results[0] ?? {};
		expect(Math.abs((hitRate ?? 0) - (simulatedHitRate ?? 1))).toBeLessThan(0.05);
		expect(results[0]?.cacheKeys).toBeGreaterThan(0);
		expect(await direct.dbsize()).toBe(0);
	} finally {
		direct.disconnect();
		await cluster.stop();
	}
});

it("a cache that might evict other keys isn't used", async () => {
	await client.config("SET", "maxmemory", "8mb");
	const task = taskOf("full", ["cache-aside"], { keys: 100_000, durationSeconds: 1 });
	await expect(run(task)).rejects.toThrow(/might evict other keys/);
	await client.config("SET", "maxmemory", "0");
	expect(existsSync(task.directory)).toBe(false);
});
