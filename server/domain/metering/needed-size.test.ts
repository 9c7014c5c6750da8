import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_RATE_CARD } from "../../contract/default-rate-card.ts";
import { GIB } from "../../contract/limits.ts";
import { NODE_TYPES } from "../../contract/node-type-catalog.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { neededSize } from "./needed-size.ts";

const shared = { nodeTypes: NODE_TYPES, card: DEFAULT_RATE_CARD };

test("the nodes hold what was needed, with room to spare, and nothing cheaper would", () => {
	fc.assert(
		fc.property(
			fc.constantFrom("valkey" as const, "redis" as const, "memcached" as const),
			fc.integer({ min: 0, max: 2_000 }),
			fc.integer({ min: 0, max: 3_000 }),
			fc.integer({ min: 0, max: 50_000 }),
			fc.integer({ min: 0, max: 5 }),
			(engine, tenths, coreMillis, clients, replicasPerShard) => {
				const peaks = { dataBytes: (tenths / 10) * GIB, cores: coreMillis / 1_000, clients };
				const options = { ...shared, engine, peaks, replicasPerShard, canShard: true };
				const found = neededSize(options);
				if (found === null) return expect(peaks.dataBytes).toBeGreaterThan(100 * GIB);
				const memoryBytes = NODE_TYPES.get(found.nodeType)?.memoryBytes ?? 0;
				const usable = usableMemoryBytes({ engine, memoryBytes, overrides: {} });
				expect(found.shards * usable * 0.8).toBeGreaterThanOrEqual(peaks.dataBytes);
				const more = neededSize({ ...options, peaks: { ...peaks, dataBytes: 0 } });
				expect(more?.hourlyCost ?? 0).toBeLessThanOrEqual(found.hourlyCost);
			},
		),
	);
});

test("a cache that does little needs the smallest type, and one that can't be sharded a large one", () => {
	const little = { dataBytes: 5e6, cores: 0.01, clients: 3 };
	const options = { ...shared, engine: "valkey" as const, replicasPerShard: 1, canShard: false };
	expect(neededSize({ ...options, peaks: little })).toMatchObject({
		...{ nodeType: "cache.t4g.micro", shards: 1, nodes: 2 },
	});
	expect(neededSize({ ...options, peaks: { ...little, dataBytes: 20 * GIB } })).toMatchObject({
		...{ nodeType: "cache.r6g.2xlarge", shards: 1 },
	});
	const large = neededSize({ ...options, peaks: { ...little, dataBytes: 400 * GIB } });
	expect(large).toMatchObject({ needsCluster: true });
	const memoryBytes = NODE_TYPES.get(large?.nodeType ?? "")?.memoryBytes ?? 0;
	expect((large?.shards ?? 0) * memoryBytes).toBeGreaterThan(400 * GIB);
	expect(large?.nodes).toBe(2 * (large?.shards ?? 0));
});
