/**
 * `npm run bench:reshard [-- --engine valkey:9 --shards 3:4 --mib 1024 | --keys 10000000] [--stalls]`: a cluster gets
 * more shards, under a client that reads and writes, compared with `valkey-cli --cluster rebalance` of the same slots on
 * the same engines with the same data. `--stalls` also prints what kept the engines from answering.
 */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { percentile } from "../../platform/testing/figures.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { type Engine, engineSchema } from "../../server/contract/enums.ts";
import { LIMITS, MIB } from "../../server/contract/limits.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { type ClusterLoad, startClusterLoad } from "../fixtures/cluster-load.ts";
import { requireWhole } from "../fixtures/engine-truth.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { EngineStalls } from "./engine-stalls.ts";
import { fillWithBytes, fillWithSmallKeys } from "./fill-cluster.ts";
import { systemLogin } from "./system-login.ts";

await cleanUpWhenCutShort();

const NAME = "reshard";
const IDLE_MS = 5_000;
const TIMEOUT_MS = 600_000;

const { values } = parseArgs({
	options: {
		engine: { type: "string", default: "valkey:9,valkey:8,redis:7" },
		shards: { type: "string", default: "3:4" },
		mib: { type: "string", default: "1024" },
		keys: { type: "string" },
		stalls: { type: "boolean", default: false },
	},
});
const [before = 3, after = 4] = values.shards.split(":").map(Number);
const content = values.keys === undefined ? `${values.mib} MiB` : `${values.keys} keys`;
for (const each of values.engine.split(",")) {
	const [name, version = ""] = each.split(":");
	await bench(engineSchema.parse(name), version);
}

async function bench(engine: Engine, engineVersion: string): Promise<void> {
	const larder = await startInstallation({ console: false });
	try {
		await larder.createCache({
			...{ name: NAME, engine, engineVersion, auth: "none", nodeType: "cache.t4g.medium" },
			...{ clusterMode: "enabled", shards: before },
		});
		const { nodes } = (await settled(larder, before)).endpoints;
		const filledAt = performance.now();
		if (values.keys !== undefined) await fillWithSmallKeys(nodes, Number(values.keys));
		else await fillWithBytes(nodes, Number(values.mib) * MIB);
		const title = `${engine} ${engineVersion}, ${content}, ${before} to ${after} shards`;
		console.log(`${title} (filled in ${((performance.now() - filledAt) / 1_000).toFixed(0)} s)`);
		const load = await startClusterLoad({
			...{ seeds: nodes, keys: 2_000, bytes: 100, loops: 2, restMs: 1 },
		});
		try {
			load.takeTimesMs();
			await delay(IDLE_MS);
			console.log(`  before: ${spread(load.takeTimesMs())}`);
			const own = await byLarder(larder, load);
			const total = `${own.totalMs.toFixed(0)} ms from the request`;
			console.log(
				`  Larder moves slots for ${own.movingMs.toFixed(0)} ms (${total}): ${own.client}`,
			);
			const tookMs = await byHand(larder, load, engine, engineVersion);
			console.log(
				`  valkey-cli moves slots for ${tookMs.toFixed(0)} ms: ${spread(load.takeTimesMs())}`,
			);
			const ratio = (tookMs / own.movingMs).toFixed(1);
			console.log(`  ${ratio} times as fast; ${load.failures} requests failed`);
		} finally {
			await load.stop();
		}
	} finally {
		await larder.stop();
	}
}

async function byLarder(larder: Installation, load: ClusterLoad) {
	const stalls = values.stalls ? new EngineStalls(systemLogin(larder)) : null;
	await settled(larder, before, stalls);
	load.takeTimesMs();
	const startedAt = performance.now();
	const { status } = await larder.rest("PATCH", `/caches/${NAME}`, { body: { shards: after } });
	if (status !== 202) throw new Error(`PATCH: ${status}`);
	const cache = await settled(larder, after, stalls);
	const totalMs = performance.now() - startedAt;
	for (const line of (await stalls?.report()) ?? []) console.log(`    ${line}`);
	const moving = cache.progress.find(({ step }) => step === "Move slots");
	const from = Date.parse(moving?.startedAt ?? "");
	const until = Date.parse(moving?.finishedAt ?? "");
	return { totalMs, movingMs: until - from, client: spread(load.takeTimesMs({ from, until })) };
}

/** Larder is off, so only the command line moves slots meanwhile. */
async function byHand(
	larder: Installation,
	load: ClusterLoad,
	engine: Engine,
	version: string,
): Promise<number> {
	const { status, body } = await larder.rest("PUT", `/caches/${NAME}/slots`, {
		body: { slots: slotsAsBefore() },
	});
	if (status !== 202) throw new Error(`PUT: ${status} ${JSON.stringify(body)}`);
	const cache = await settled(larder, after);
	const [node] = cache.endpoints.nodes;
	const found = await findEngine({ engine, version });
	if (node === undefined || found?.client == null)
		throw new Error("no node, or no command-line client");
	// Clients may not move slots.
	const login = systemLogin(larder);
	for (const name of larder.agentNames) await larder.killAgent(name);
	await larder.killControlPlane();
	load.takeTimesMs();
	const startedAt = performance.now();
	await promisify(execFile)(
		found.client,
		[
			...["--no-auth-warning", "--user", login.username],
			...["--cluster", "rebalance", `${node.host}:${node.port}`, "--cluster-threshold", "1"],
		],
		{
			env: { ...process.env, REDISCLI_AUTH: login.password, VALKEYCLI_AUTH: login.password },
			// It prints a character for each key.
			maxBuffer: 256 * MIB,
		},
	);
	return performance.now() - startedAt;
}

/** The added shards have one slot each, so the command line moves as many slots as to new nodes. */
function slotsAsBefore(): string[] {
	const left = LIMITS.clusterSlots - (after - before);
	const first = (shard: number) => Math.round((shard * left) / before);
	return Array.from({ length: after }, (_, shard) =>
		shard < before
			? `${first(shard)}-${first(shard + 1) - 1}`
			: String(LIMITS.clusterSlots - after + shard),
	);
}

async function settled(
	larder: Installation,
	shards: number,
	stalls: EngineStalls | null = null,
): Promise<Cache> {
	return await waitUntil(
		`${NAME} to have ${shards} shards`,
		async () => {
			const cache = await larder.getCache(NAME);
			if (cache !== null) await stalls?.watch(cache.endpoints.nodes);
			if (cache === null || cache.operation !== null || cache.shards.length !== shards) return null;
			await requireWhole(cache, null);
			return cache;
		},
		TIMEOUT_MS,
	);
}

function spread(timesMs: number[]): string {
	const at = (share: number) => percentile(timesMs, share).toFixed(1);
	return `client's p50 ${at(50)} ms, p99 ${at(99)} ms, longest ${at(100)} ms (${timesMs.length} requests)`;
}
