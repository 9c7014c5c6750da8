import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { percentile } from "../../platform/testing/figures.ts";
import { fillRichly, loadLibrary } from "../../platform/testing/rich-data.ts";
import { MIB } from "../../server/contract/limits.ts";
import { findDifference, readContent } from "../fixtures/cache-content.ts";
import { openClusterClient, requireEndpoint } from "../fixtures/engine-clients.ts";
import type { Installation } from "../fixtures/installation.ts";
import {
	passingFiles,
	removeSnapshot,
	requestSnapshot,
	storedFiles,
	untilTaken,
} from "../fixtures/snapshots.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { strikeVictim, VICTIMS } from "./serverless/strike-victim.ts";

/** Of each kind, while a snapshot is taken and while it is restored. */
const KILLS = 7;
const KILL_WITHIN_MS = 2_500;
const PATIENCE_MS = 180_000;
const DATA_BYTES = 64 * MIB;
const VALUE_BYTES = 16 * 1024;
const NAME = "orders";
/** What a restore makes of three shards, in turn. */
const SHAPES = [
	{ replicasPerShard: 1 },
	{ shards: 2, replicasPerShard: 0 },
	{ clusterMode: "disabled", replicasPerShard: 1 },
	{ shards: 4, replicasPerShard: 0 },
] as const;

export const snapshots: Scenario = {
	name: "snapshots",
	description:
		"control plane, agent or engine killed while a snapshot is taken or restored (16): whole or failed with a reason, and no file is left over",
	run: (options) => withInstallation({}, (larder) => killAll(larder, options)),
};

async function killAll(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, random, log } = options;
	const expected = await fill(larder);
	const took = { snapshot: [] as number[], restore: [] as number[] };
	let failed = 0;
	for (let round = 0; round < kills * VICTIMS.length; round++) {
		const victim = VICTIMS[round % VICTIMS.length] ?? "agent";
		const strike = async (cache: string) => {
			await delay(random(KILL_WITHIN_MS));
			await strikeVictim(victim, larder, cache, random);
		};
		const name = `snapshot-${round}`;
		let since = performance.now();
		await larder.waitForStatus(NAME, "available", PATIENCE_MS);
		await requestSnapshot(larder, name, NAME);
		await strike(NAME);
		const snapshot = await untilTaken(larder, name, PATIENCE_MS);
		took.snapshot.push(performance.now() - since);
		if (snapshot.status === "failed") {
			failed += 1;
			if (snapshot.statusReason === null) throw new Violation(`${name} failed without a reason`);
			log(`${round}: ${victim} killed: failed: ${snapshot.statusReason}`);
			await removeSnapshot(larder, name);
			continue;
		}
		since = performance.now();
		const shape = SHAPES[round % SHAPES.length];
		await larder.createCache({ name: "restored", snapshot: name, auth: "none", ...shape });
		await strike("restored");
		const restored = await larder.waitForStatus("restored", "available", PATIENCE_MS);
		took.restore.push(performance.now() - since);
		const difference = findDifference(expected, (await readContent(restored)).keys);
		if (difference !== null) throw new Violation(`restored from ${name}: ${difference}`);
		log(
			`${round}: ${victim} killed: taken in ${took.snapshot.at(-1)?.toFixed(0)} ms, restored as ${JSON.stringify(shape)} in ${took.restore.at(-1)?.toFixed(0)} ms`,
		);
		await larder.deleteCache("restored");
		await removeSnapshot(larder, name);
	}
	await waitUntil("no file to be left", () => {
		const left = [...storedFiles(larder), ...passingFiles(larder)];
		if (left.length > 0) throw new Error(left.join("\n"));
		return true;
	});
	await requireNothingStray(larder, [NAME]);
	const figures = (values: number[]) =>
		`${percentile(values, 50).toFixed(0)} ms (median), ${Math.max(...values).toFixed(0)} ms (longest)`;
	return `${kills} kills of each kind; taken in ${figures(took.snapshot)}, restored in ${figures(took.restore)}; ${failed} snapshots failed with a reason`;
}

/** Returns what the cache holds, by key. Nothing writes to it from then on. */
async function fill(larder: Installation): Promise<Map<string, string>> {
	await larder.createCache({
		...{ name: NAME, clusterMode: "enabled", shards: 3, replicasPerShard: 1, auth: "none" },
	});
	const cache = await larder.waitForStatus(NAME, "available", PATIENCE_MS);
	const client = openClusterClient(requireEndpoint(cache, "configuration"), null);
	await fillRichly(client, 1_000);
	const value = "v".repeat(VALUE_BYTES);
	for (let n = 0; n < DATA_BYTES / VALUE_BYTES; n += 1) await client.set(`large:${n}`, value);
	client.disconnect();
	for (const node of cache.shards.flatMap((shard) => shard.nodes)) {
		if (node.role !== "primary") continue;
		const primary = new Redis(node.port, node.address);
		await loadLibrary(primary);
		primary.disconnect();
	}
	return (await readContent(cache)).keys;
}
