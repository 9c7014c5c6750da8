import { expect, it } from "vitest";
import { TestFleet } from "../testing/test-fleet.ts";
import { FULL_CACHE } from "./cache-mapping.ts";
import { readFullCache, readFullCaches } from "./read-full-caches.ts";

it("reads the same rows as Prisma does", async () => {
	const fleet = await TestFleet.open();
	await fleet.create({ name: "orders", replicasPerShard: 2, zones: ["a", "b", "c"] });
	await fleet.create({ name: "carts", clusterMode: "enabled", shards: 2, replicasPerShard: 1 });
	await fleet.create({ name: "views", engine: "memcached", nodes: 2 });
	const { db, clock } = fleet.test.resources;
	const now = clock.now();
	// Every column has a value in some row.
	await db.cache.updateMany({
		where: { name: "carts" },
		data: {
			...{ deletingAt: now, promotionRequestedAt: now, protectionEndedAt: now },
			...{ nodeMemoryBytes: 2n ** 50n, description: 'a "quoted" \\ text\nof two lines, ü' },
		},
	});
	const carts = await db.cache.findUniqueOrThrow({ where: { name: "carts" } });
	await db.shard.updateMany({
		where: { cacheId: carts.id },
		data: { failoverRequestedAt: new Date(now.getTime() + 7) },
	});
	await db.node.updateMany({ where: { cacheId: carts.id }, data: { leavingAt: now } });
	await db.host.updateMany({ data: { drainRequestedAt: now, lostAt: now } });
	const operation = {
		...{ cacheId: carts.id, kind: "rebalance", state: "done", cursor: { phase: "move" } },
		...{ input: { from: {} }, startedAt: now, updatedAt: now },
	};
	await db.operation.createMany({
		data: [
			{ ...operation, id: "open" },
			{ ...operation, id: "ended", endedAt: now },
		],
	});
	const expected = await db.cache.findMany({ include: FULL_CACHE, orderBy: { id: "asc" } });
	expect(expected).toHaveLength(3);
	const ids = expected.map(({ id }) => id);
	const read = await readFullCaches(db, [...ids, "gone"]);
	expect(read.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected);
	expect(await readFullCaches(db, [])).toEqual([]);
	expect(await readFullCache(db, "carts")).toEqual(expected.find(({ name }) => name === "carts"));
	expect(await readFullCache(db, "gone")).toBeNull();
});
