import { appendFileSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Cache, CacheNode } from "../../server/contract/cache-view.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { instanceDirOf } from "../fixtures/engine-truth.ts";
import { hostPids, signalAll } from "../fixtures/host-processes.ts";
import type { Installation } from "../fixtures/installation.ts";
import { type NumberedWriter, startWriter } from "../fixtures/numbered-writer.ts";
import { tagInSlots } from "../fixtures/slot-tags.ts";
import { clusterPath, endpointPath } from "../fixtures/write-paths.ts";
import { withInstallation } from "./keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";

const ROUNDS = 3;
const PATIENCE_MS = 120_000;
/** What `aof-everysec` may lose: an fsync begins each second, and the one before it may take another. */
const UNSYNCED_MS = 2_000;
/** As the engine writes a command to its file; the power fails in the middle of it. */
const TORN_COMMAND = "*3\r\n$3\r\nSET\r\n$5\r\nnever\r\n$40\r\nacknow";

const CACHES = [
	{ name: "second", persistence: "aof-everysec", replicasPerShard: 0 },
	{ name: "always", persistence: "aof-always", replicasPerShard: 0 },
	{ name: "pair", persistence: "aof-everysec", replicasPerShard: 1 },
	{
		...{ name: "cluster", persistence: "aof-everysec", replicasPerShard: 0 },
		...{ clusterMode: "enabled", shards: 3 },
	},
] as const;

/** A cache's shard, and the one client that writes to it. */
interface Written {
	readonly cache: (typeof CACHES)[number];
	readonly shard: number;
	readonly writer: NumberedWriter;
}

/**
 * All processes of all hosts are killed at once, and what the disks wouldn't have by then is cut off: with aof-everysec, any
 * part of what was written in the last two seconds; with aof-always, a command that wasn't acknowledged yet. Kernels
 * keep the files of killed processes, so the cut is made by hand.
 */
export const powerCut: Scenario = {
	name: "power-cut",
	description:
		"all hosts lose power at once: persistent caches come back with all that was acknowledged, but for the last two seconds of aof-everysec",
	run: (options) => withInstallation({}, (larder) => cutPower(larder, options)),
};

async function cutPower(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { log, random } = options;
	for (const body of CACHES) await larder.createCache({ ...body, auth: "none" });
	const written: Written[] = [];
	for (const cache of CACHES) {
		const view = await larder.waitForStatus(cache.name, "available", PATIENCE_MS);
		for (const shard of view.shards.keys()) {
			written.push({ cache, shard, writer: writeTo(view, shard) });
		}
	}
	let lostInAll = 0;
	const took: number[] = [];
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const { writer } of written) await writer.writesAgain();
		// What had been acknowledged by now is in the files as they are now, and synced when the power fails.
		const syncedAt = performance.now();
		const synced = await sizesOf(larder);
		await delay(UNSYNCED_MS + random(500));
		const pids = larder.agentNames.flatMap((name) => hostPids(larder, name));
		signalAll(pids, "SIGKILL");
		await Promise.all(larder.agentNames.map((name) => larder.killAgent(name)));
		const cutAt = performance.now();
		const cutBytes = await tearFiles(larder, synced, random);
		for (const name of larder.agentNames) larder.spawnAgent(name);
		for (const { name } of CACHES) await larder.waitForStatus(name, "available", PATIENCE_MS);
		for (const { writer } of written) await writer.writesAgain(PATIENCE_MS);
		took.push(performance.now() - cutAt);
		let lost = 0;
		for (const { cache, writer } of written) {
			const gone = (await writer.findLost()).filter(({ acknowledgedAt }) => acknowledgedAt < cutAt);
			const early = gone.filter(({ acknowledgedAt }) => acknowledgedAt < syncedAt);
			if (early.length > 0) {
				throw new Violation(`${cache.name} lost ${early.length} writes that had been synced`);
			}
			if (cache.persistence === "aof-always" && gone.length > 0) {
				throw new Violation(`${cache.name} lost ${gone.length} acknowledged writes`);
			}
			lost += gone.length;
		}
		lostInAll += lost;
		log(
			`${round}: cut off ${cutBytes} bytes of files; ${lost} writes of the last ${UNSYNCED_MS} ms lost, all caches written again after ${took.at(-1)?.toFixed(0)} ms`,
		);
		if (lost > 0) await Promise.all(written.map(({ writer }) => writer.stop()));
		if (lost > 0 && round + 1 < ROUNDS) await rewrite(larder, written);
	}
	await Promise.all(written.map(({ writer }) => writer.stop()));
	return `${ROUNDS} power cuts; ${lostInAll} writes lost, all of them unsynced ones of aof-everysec; written again after ${Math.max(...took).toFixed(0)} ms at the latest`;
}

/** A writer counts what it has lost in all, so each power cut gets new ones. */
async function rewrite(larder: Installation, written: Written[]): Promise<void> {
	for (const [index, { cache, shard }] of written.entries()) {
		const view = await larder.waitForStatus(cache.name, "available", PATIENCE_MS);
		written[index] = { cache, shard, writer: writeTo(view, shard) };
	}
}

function writeTo(cache: Cache, shard: number): NumberedWriter {
	const slots = cache.shards[shard]?.slots ?? null;
	const tag = slots === null ? cache.name : tagInSlots(slots, `${cache.name}-`);
	const path =
		cache.clusterMode === "enabled"
			? clusterPath(cache.endpoints.nodes, tag)
			: endpointPath([requireEndpoint(cache, "primary")]);
	return startWriter({ path, tag, everyMs: 5 });
}

/** The newest append-only file of each node, by its path, with its size. */
async function sizesOf(larder: Installation): Promise<Map<string, number>> {
	const sizes = new Map<string, number>();
	for (const { name } of CACHES) {
		for (const node of await nodesOf(larder, name)) {
			const file = newestFileOf(larder, node);
			sizes.set(file, statSync(file).size);
		}
	}
	return sizes;
}

async function nodesOf(larder: Installation, name: string): Promise<CacheNode[]> {
	return (await larder.getCache(name))?.shards.flatMap(({ nodes }) => nodes) ?? [];
}

function newestFileOf(larder: Installation, node: CacheNode): string {
	const directory = join(instanceDirOf(larder, node), "data", "appendonlydir");
	const sequence = (name: string) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? -1);
	const [newest] = readdirSync(directory).sort((a, b) => sequence(b) - sequence(a));
	return join(directory, newest ?? "");
}

/** Leaves of each file what a disk might have. Returns how many bytes that cost in all. */
async function tearFiles(
	larder: Installation,
	synced: ReadonlyMap<string, number>,
	random: ScenarioOptions["random"],
): Promise<number> {
	let cut = 0;
	for (const { name, persistence } of CACHES) {
		for (const node of await nodesOf(larder, name)) {
			const file = newestFileOf(larder, node);
			if (persistence === "aof-always") {
				appendFileSync(file, TORN_COMMAND);
				continue;
			}
			const { size } = statSync(file);
			const kept = synced.get(file) ?? 0;
			const length = kept + random(Math.max(1, size - kept));
			truncateSync(file, length);
			cut += size - length;
		}
	}
	return cut;
}
