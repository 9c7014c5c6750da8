import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ioredisStore } from "larder-patterns";
import {
	type LabResult,
	type LabSample,
	type LabStrategy,
	type LabTask,
	type LabWorkload,
	labPrefix,
} from "../server/contract/lab.ts";
import {
	type CacheConnection,
	deleteKeys,
	freeBytes,
	measureKeys,
	openCache,
} from "./cache-connection.ts";
import { describeResults } from "./findings.ts";
import { createItems, payloadOf } from "./item-database.ts";
import { Lane } from "./lane.ts";
import { operationsOf } from "./operations.ts";

const SAMPLE_MS = 1_000;
/** What an entry takes besides its value: key, lease, expiry, and the engine's own. */
const ENTRY_OVERHEAD_BYTES = 300;

export interface LabEvents {
	/** Ends the run early; what was measured until then is the result. */
	readonly signal: AbortSignal;
	onSample(sample: LabSample): void;
}

/**
 * Runs the strategies side by side, and removes all that they leave, unless the cache is away by then. Throws if the cache can't be reached, or could evict
 * other keys.
 */
export async function runLab(
	task: LabTask,
	{ signal, onSample }: LabEvents,
): Promise<{ results: LabResult[]; isClean: boolean }> {
	const { strategies, workload, directory, runId } = task;
	const lanes: Lane[] = [];
	const client = await openCache(task.connection);
	let results: LabResult[];
	let isClean = false;
	try {
		await requireRoom(client, strategies, workload);
		const files = placeDatabases(directory, strategies.length, workload);
		const begin = operationsOf(workload);
		const store = ioredisStore(client);
		const payload = payloadOf(workload.itemBytes);
		const prefixOf = (index: number) => `${labPrefix(runId)}${index}:`;
		for (const [index, databaseFile] of files.entries()) {
			const strategy = strategies[index];
			if (strategy === undefined) continue;
			const prefix = prefixOf(index);
			lanes.push(new Lane({ strategy, workload, store, prefix, databaseFile, payload, begin }));
		}
		await runLanes(lanes, signal, onSample);
		const bare: Omit<LabResult, "findings">[] = [];
		for (const [index, lane] of lanes.entries()) {
			const { keys, bytes } = await measureKeys(client, prefixOf(index));
			bare.push({ ...(await lane.result()), cacheKeys: keys, cacheBytes: bytes });
		}
		requireSuccess(lanes, bare);
		results = describeResults(bare, workload);
	} finally {
		for (const lane of lanes) lane.close();
		rmSync(directory, { recursive: true, force: true });
		isClean = await deleteKeys(client, labPrefix(runId)).then(
			() => true,
			// Whoever gets the answer tries again.
			() => false,
		);
		client.disconnect();
	}
	return { results, isClean };
}

/** Removes what an earlier process may have left of the run. Throws if the cache can't be reached. */
export async function cleanUp({ connection, runId, directory }: LabTask): Promise<void> {
	rmSync(directory, { recursive: true, force: true });
	const client = await openCache(connection);
	try {
		await deleteKeys(client, labPrefix(runId));
	} finally {
		client.disconnect();
	}
}

async function runLanes(
	lanes: readonly Lane[],
	signal: AbortSignal,
	onSample: (sample: LabSample) => void,
): Promise<void> {
	const startedAt = performance.now();
	let sampledAt = startedAt;
	const sample = () => {
		const now = performance.now();
		const seconds = (now - sampledAt) / 1_000;
		sampledAt = now;
		onSample({
			seconds: (now - startedAt) / 1_000,
			strategies: lanes.map((lane) => lane.takeSample(seconds)),
		});
	};
	const timer = setInterval(sample, SAMPLE_MS);
	try {
		await Promise.all(lanes.map((lane) => lane.run(signal)));
	} finally {
		clearInterval(timer);
	}
	// A shorter rest would look like a drop.
	if (performance.now() - sampledAt >= SAMPLE_MS / 2) sample();
}

/** A file for each strategy. The first one is filled, the others are copies. */
function placeDatabases(directory: string, count: number, workload: LabWorkload): string[] {
	rmSync(directory, { recursive: true, force: true });
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const files = Array.from({ length: count }, (_, index) =>
		join(directory, `items-${index}.sqlite`),
	);
	const [first, ...others] = files;
	if (first !== undefined) {
		createItems(first, workload.keys, workload.itemBytes);
		for (const file of others) copyFileSync(first, file);
	}
	return files;
}

/** A cache that is full evicts keys of its applications to make room for the run's. */
async function requireRoom(
	client: CacheConnection,
	strategies: readonly LabStrategy[],
	{ keys, itemBytes }: LabWorkload,
): Promise<void> {
	const cached = strategies.filter((strategy) => strategy !== "no-cache").length;
	const needed = cached * keys * (itemBytes + ENTRY_OVERHEAD_BYTES);
	const free = await freeBytes(client);
	if (free === null || needed <= free) return;
	const mib = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2).toLocaleString("en")} MiB`;
	throw new Error(
		`The cache has ${mib(free)} free, and the run could take ${mib(needed)} of it, so the cache might evict other keys. Choose fewer keys, smaller items, fewer strategies or a larger cache.`,
	);
}

/** Figures of a run in which nothing worked would mislead. */
function requireSuccess(
	lanes: readonly Lane[],
	results: readonly Omit<LabResult, "findings">[],
): void {
	for (const [index, { strategy, reads, writes, errors }] of results.entries()) {
		if (errors === 0 || errors < (reads + writes) / 10) continue;
		const reason = lanes[index]?.lastError ?? "unknown";
		throw new Error(`${errors} operations of ${strategy} failed. The last error was: ${reason}`);
	}
}
