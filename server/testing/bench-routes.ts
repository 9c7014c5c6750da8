import { randomUUID } from "node:crypto";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { GIB } from "../contract/limits.ts";
import type { RouteChanges } from "../contract/routes.ts";
import { readRoutes } from "../fleet/read-routes.ts";
import { ROUTED_CACHE, toRoute } from "../fleet/to-route.ts";
import { watchHost } from "../fleet/watch-host.ts";
import { reconcileCache } from "../reconciler/reconcile-cache.ts";
import { bumpRoutes } from "../services/bump-hosts.ts";
import { rerouteCaches, settleRoutes } from "../services/route-hosts.ts";
import { HOLDS_NOTHING, TEST_EPOCH } from "./test-host.ts";
import { openTestResources, type TestResources } from "./test-resources.ts";

/**
 * `npm run bench:routes`: what the routes of a fleet cost the control plane and its hosts, with the product's own
 * functions and an embedded database, for fleets with ten nodes per host.
 */
const FLEETS = [10, 100, 1_000];
const NODES_PER_CACHE = 3;
const NODES_PER_HOST = 10;
const TURNS = 200;

interface Fleet {
	readonly test: TestResources;
	readonly hostIds: readonly string[];
	readonly cacheIds: readonly string[];
}

async function makeFleet(hosts: number): Promise<Fleet> {
	const test = await openTestResources();
	const { db, secrets, clock } = test.resources;
	const hostIds = Array.from({ length: hosts }, () => randomUUID());
	const cacheIds = Array.from(
		{ length: Math.ceil((hosts * NODES_PER_HOST) / NODES_PER_CACHE) },
		() => randomUUID(),
	);
	await db.host.createMany({
		data: hostIds.map((id, index) => ({
			...{ id, agentId: randomUUID(), name: `host-${index}`, zone: `zone-${index % 3}` },
			...{ credentialHash: id, bindAddress: "10.0.0.1", agentVersion: "1", engines: [] },
			...{ advertisedAddress: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` },
			...{ cpus: 16, memoryBytes: BigInt(64 * GIB), joinedAt: clock.now() },
		})),
	});
	await inBatches(cacheIds, async (ids, first) => {
		await db.cache.createMany({
			data: ids.map((id, index) => ({
				...{ id, name: `cache-${first + index}`, kind: "node-based", engine: "valkey" },
				...{ engineVersion: "9", nodeType: "small", nodeMemoryBytes: BigInt(GIB) },
				...{ nodeVcpus: 1, nodeCpuMillis: 500, clusterMode: "disabled", shardCount: 1 },
				...{ replicasPerShard: 2, multiAz: true, automaticFailover: true, authMode: "none" },
				...{ systemPassword: secrets.seal("password", `cache:${id}:system`) },
				...{ port: 20_000 + 2 * (first + index), readerPort: 20_001 + 2 * (first + index) },
				...{ portRequested: false, parameterGroup: "default.valkey9", tags: {}, description: "" },
				...{ status: "available", progress: [], availableAt: clock.now() },
			})),
		});
		await db.shard.createMany({
			data: ids.map((id) => ({ id: `${id}-s`, cacheId: id, index: 0, primaryNodeId: `${id}-0` })),
		});
		await db.node.createMany({
			data: ids.flatMap((id, index) =>
				Array.from({ length: NODES_PER_CACHE }, (_, member) => {
					const number = (first + index) * NODES_PER_CACHE + member;
					return {
						...{ id: `${id}-${member}`, cacheId: id, shardId: `${id}-s`, name: `n-${number}` },
						...{ engine: "valkey", engineVersion: "9", nodeType: "small" },
						...{ parameterGroup: "default.valkey9" },
						...{ hostId: hostIds[number % hosts] ?? "", memoryBytes: BigInt(GIB), vcpus: 1 },
						...{ port: 17_000 + Math.floor(number / hosts), maxmemoryBytes: BigInt(GIB) },
						...{ cpuMillis: 500, onExit: "restart", followsNodeId: member ? `${id}-0` : null },
					};
				}),
			),
		});
	});
	return { test, hostIds, cacheIds };
}

async function inBatches(
	ids: readonly string[],
	work: (batch: string[], first: number) => Promise<void>,
): Promise<void> {
	for (let first = 0; first < ids.length; first += 500) {
		await work(ids.slice(first, first + 500), first);
	}
}

async function timed(work: () => unknown): Promise<number> {
	const start = performance.now();
	await work();
	return performance.now() - start;
}

const sizeOf = (changes: Partial<RouteChanges> | null) => JSON.stringify(changes).length;

/** Up to `TURNS` items, spread evenly over the fleet. */
function spread<T>(items: readonly T[]): T[] {
	const count = Math.min(items.length, TURNS);
	return Array.from(
		{ length: count },
		(_, turn) => items[Math.floor((turn * items.length) / count)],
	).flatMap((item) => (item === undefined ? [] : [item]));
}

/** One change of each cache in turn: in the database, in memory, and what its hosts receive. */
async function measureChanges({ test: { resources }, cacheIds }: Fleet) {
	const { db, routes, secrets } = resources;
	const changed = { write: [] as number[], read: [] as number[], build: [] as number[] };
	const [bytes, concerned]: [number[], number[]] = [[], []];
	for (const id of spread(cacheIds)) {
		const held = routes.revision;
		changed.write.push(await timed(() => db.$transaction((tx) => bumpRoutes(tx, [id]))));
		changed.read.push(await timed(() => readRoutes(resources)));
		const row = await db.cache.findUniqueOrThrow({ where: { id }, ...ROUTED_CACHE });
		changed.build.push(await timed(() => toRoute(secrets, row, undefined)));
		const serving = routes.hostsOf(id);
		concerned.push(serving.length);
		bytes.push(sizeOf(routes.newer(serving[0] ?? "", held)));
	}
	return { ...changed, bytes, concerned };
}

/** How long it takes to make the state for an agent that holds nothing, and to reconcile a cache. */
async function measureReads({ test: { resources }, hostIds, cacheIds }: Fleet) {
	const states: number[] = [];
	for (const id of spread(hostIds)) {
		const held = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1 };
		states.push(await timed(() => watchHost(resources, TEST_EPOCH, id, held, undefined)));
	}
	const caches: number[] = [];
	for (const id of spread(cacheIds)) {
		caches.push(await timed(() => reconcileCache(resources, id, (work) => work())));
	}
	return { states, caches };
}

/** A host is lost: how many caches it changes, and how long until all of them are served by others. */
async function measureLoss({ test: { resources }, hostIds }: Fleet) {
	const { db, routes } = resources;
	const [id = ""] = hostIds;
	const held = routes.revision;
	await db.host.update({ where: { id }, data: { lostAt: new Date() } });
	const ms = await timed(() => settleRoutes(resources));
	return { ms, caches: await db.cache.count({ where: { routeRevision: { gt: held } } }) };
}

async function measure(hosts: number): Promise<string[]> {
	const fleet = await makeFleet(hosts);
	const { resources } = fleet.test;
	const { db, routes } = resources;
	const first = await timed(() => settleRoutes(resources));
	const wholes = fleet.hostIds.map((id) => sizeOf(routes.newer(id, -1)));
	const place = [];
	for (const id of spread(fleet.cacheIds)) {
		place.push(await timed(() => db.$transaction((tx) => rerouteCaches(tx, [id]))));
	}
	await readRoutes(resources);
	for (const id of fleet.hostIds) routes.newer(id, -1);
	const rest = await timed(() => settleRoutes(resources));
	const changes = await measureChanges(fleet);
	const reads = await measureReads(fleet);
	const loss = await measureLoss(fleet);
	return [
		`${hosts} / ${fleet.cacheIds.length}`,
		...[first.toFixed(0), rest.toFixed(1)],
		...[median(place).toFixed(1), median(changes.write).toFixed(1)],
		...[median(changes.read).toFixed(1), (median(changes.build) * 1_000).toFixed(0)],
		...[`${Math.max(...changes.concerned)}`, `${median(changes.bytes)}`, `${median(wholes)}`],
		`${loss.ms.toFixed(0)} (${loss.caches})`,
		...[median(reads.states).toFixed(1), median(reads.caches).toFixed(1)],
	];
}

const COLUMNS = [
	...["hosts / caches", "all chosen again, ms", "nothing to choose, ms"],
	...["one placed, ms", "one written, ms", "one read, ms", "one built, µs"],
	...["hosts concerned", "bytes to each", "bytes of all its routes", "a host lost, ms (caches)"],
	...["a host's whole state, ms", "one cache reconciled, ms"],
];
const rows: string[][] = [];
for (const hosts of FLEETS) rows.push(await measure(hosts));
console.log(markdownTable([COLUMNS, ...rows]));
process.exit();
