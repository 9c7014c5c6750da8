import { MemcachedConnection } from "../../../agent/drivers/memcached-connection.ts";
import { storagePort } from "../../../agent/drivers/memcached-proxy.ts";
import { markdownTable } from "../../../platform/testing/figures.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { GIB, MIB } from "../../../server/contract/limits.ts";
import {
	FLOOR_BYTES,
	MEMCACHED_NODES_MIN,
	SHRINKS_PER_HOUR,
} from "../../../server/contract/serverless.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { readDecisions } from "./capacity-watch.ts";
import { MemcachedLoad } from "./memcached-load.ts";

/** Keys that stay when the others are deleted. */
const KEPT_KEYS = 2_000;
const SCALE_IN_MS = 25 * 60_000;
const SAW_BYTES = GIB;

/** As fast as the machine makes it, through all gateways, until `bytes` are stored; then, if asked for, back to the minimum. */
export async function benchMemcachedFill(
	larder: Installation,
	bytes: number,
	scalesIn: boolean,
): Promise<void> {
	const cache = await create(larder, "fill-memcached");
	const load = new MemcachedLoad(cache);
	const startedAt = performance.now();
	await load.write(bytes);
	const seconds = (performance.now() - startedAt) / 1_000;
	await report(larder, cache, load, [
		["stored", gib(load.bytes)],
		["MiB a second", (load.bytes / MIB / seconds).toFixed(0)],
	]);
	if (scalesIn) {
		await load.deleteFrom(KEPT_KEYS);
		const emptiedAt = performance.now();
		const least = MEMCACHED_NODES_MIN * FLOOR_BYTES;
		await waitUntil(
			`${cache.name} to be at its minimum`,
			async () => {
				const capacity = (await larder.getCache(cache.name))?.capacity;
				return capacity?.memoryBytes === least && capacity.shards === MEMCACHED_NODES_MIN;
			},
			SCALE_IN_MS,
		);
		const tookMs = performance.now() - emptiedAt;
		await report(larder, cache, load, [
			["emptied, then at its minimum after", `${(tookMs / 1_000).toFixed(0)} s`],
			["kept keys that are there", `${await load.countPresent(KEPT_KEYS)} of ${KEPT_KEYS}`],
		]);
	}
	await larder.deleteCache(cache.name);
}

/** Data comes and goes. */
export async function benchMemcachedSaw(larder: Installation, minutes: number): Promise<void> {
	const cache = await create(larder, "saw-memcached");
	const load = new MemcachedLoad(cache);
	await load.write(KEPT_KEYS * 16 * 1_024);
	const until = performance.now() + minutes * 60_000;
	let teeth = 0;
	for (; performance.now() < until; teeth++) {
		await load.write(SAW_BYTES);
		await load.deleteFrom(KEPT_KEYS);
	}
	const decisions = await readDecisions(larder, cache.name);
	const down = decisions.filter(({ trigger }) => trigger === "idle").length;
	await report(larder, cache, load, [
		["teeth", String(teeth)],
		["moves up", String(decisions.length - down)],
		[`moves down (at most ${SHRINKS_PER_HOUR} an hour)`, String(down)],
		["kept keys that are there", `${await load.countPresent(KEPT_KEYS)} of ${KEPT_KEYS}`],
	]);
	await larder.deleteCache(cache.name);
}

async function create(larder: Installation, name: string): Promise<Cache> {
	await larder.createCache({ name, kind: "serverless", engine: "memcached" });
	return await larder.waitForStatus(name, "available");
}

async function report(
	larder: Installation,
	cache: Cache,
	{ answers }: MemcachedLoad,
	rows: readonly (readonly [string, string])[],
): Promise<void> {
	const after = await larder.getCache(cache.name);
	console.log(`\n${cache.name}`);
	console.log(
		markdownTable([
			["", ""],
			...rows,
			["answers", [...answers].map(([answer, count]) => `${count} × ${answer}`).join("; ")],
			["evicted", String(await evictions(after ?? cache))],
			["capacity", `${gib(after?.capacity?.memoryBytes ?? 0)} in ${after?.capacity?.shards} nodes`],
		]),
	);
	for (const { at, trigger, reason } of await readDecisions(larder, cache.name)) {
		console.log(`  ${at.slice(11, 23)} (${trigger}) ${reason}`);
	}
}

async function evictions(cache: Cache): Promise<number> {
	let sum = 0;
	for (const { host, port } of cache.endpoints.nodes) {
		const connection = new MemcachedConnection(host, storagePort({ port, proxy: PROXIED }));
		sum += Number((await connection.stats(2_000)).get("evictions"));
		connection.close();
	}
	return sum;
}

const PROXIED = { nodes: [], count: 0 };

function gib(value: number): string {
	return `${(value / GIB).toFixed(2)} GiB`;
}
