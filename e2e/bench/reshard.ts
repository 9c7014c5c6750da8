/**
 * `npm run bench:reshard [-- --engine valkey:9 --mib 1024]`: three shards become four, under a client that reads and
 * writes, compared with `valkey-cli --cluster rebalance` of the same slots on the same engines with the same data.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { Cluster } from "ioredis";
import { findEngine } from "../../agent/bundles/index.ts";
import { percentile } from "../../platform/testing/figures.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { type Engine, engineSchema } from "../../server/contract/enums.ts";
import { MIB } from "../../server/contract/limits.ts";
import { type ClusterLoad, startClusterLoad } from "../fixtures/cluster-load.ts";
import { requireWhole } from "../fixtures/engine-truth.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { systemLogin } from "./system-login.ts";

const NAME = "reshard";
const VALUE_BYTES = 4_096;
const FILLED_AT_ONCE = 256;
const IDLE_MS = 5_000;
const TIMEOUT_MS = 600_000;
/** The fourth shard is almost empty, so the command line moves as many slots as for a new node. */
const ALMOST_THREE = ["0-5460", "5461-10922", "10923-16382", "16383"];

const { values } = parseArgs({
	options: { engine: { type: "string" }, mib: { type: "string", default: "1024" } },
});
const engines = (values.engine ?? "valkey:9,valkey:8,redis:7").split(",");
for (const each of engines) {
	const [name, version = ""] = each.split(":");
	await bench(engineSchema.parse(name), version, Number(values.mib) * MIB);
}

async function bench(engine: Engine, engineVersion: string, bytes: number): Promise<void> {
	const larder = await startInstallation({ console: false });
	try {
		await larder.createCache({
			...{ name: NAME, engine, engineVersion, auth: "none", nodeType: "cache.t4g.small" },
			...{ clusterMode: "enabled", shards: 3 },
		});
		const created = await settled(larder, 3);
		await fill(created, bytes);
		const load = await startClusterLoad({
			...{ seeds: created.endpoints.nodes, keys: 2_000, bytes: 100, loops: 2, restMs: 1 },
		});
		try {
			await delay(IDLE_MS);
			const idle = spread(load);
			const title = `${engine} ${engineVersion}, ${bytes / MIB} MiB, 3 to 4 shards`;
			const own = await byLarder(larder, load);
			console.log(`${title}: ${own.totalMs.toFixed(0)} ms, moving ${own.movingMs.toFixed(0)} ms`);
			console.log(`  client idle ${idle}; meanwhile ${own.client}`);
			const cli = await byHand(larder, load, engine, engineVersion);
			console.log(
				`  valkey-cli --cluster rebalance: ${cli.tookMs.toFixed(0)} ms; client ${cli.client}`,
			);
			console.log(
				`  ${(cli.tookMs / own.movingMs).toFixed(1)} times as fast; ${load.failures} requests failed`,
			);
		} finally {
			await load.stop();
		}
	} finally {
		await larder.stop();
	}
}

async function byLarder(larder: Installation, load: ClusterLoad) {
	load.takeTimesMs();
	const startedAt = performance.now();
	const { status } = await larder.rest("PATCH", `/caches/${NAME}`, { body: { shards: 4 } });
	if (status !== 202) throw new Error(`PATCH: ${status}`);
	const cache = await settled(larder, 4);
	const totalMs = performance.now() - startedAt;
	const client = spread(load);
	const moving = cache.progress.find(({ step }) => step === "Move slots");
	const movingMs = Date.parse(moving?.finishedAt ?? "") - Date.parse(moving?.startedAt ?? "");
	return { totalMs, movingMs, client };
}

/** Larder is off, so only the command line moves slots meanwhile. */
async function byHand(
	larder: Installation,
	load: ClusterLoad,
	engine: Engine,
	version: string,
): Promise<{ tookMs: number; client: string }> {
	const body = { slots: ALMOST_THREE };
	const { status } = await larder.rest("PUT", `/caches/${NAME}/slots`, { body });
	if (status !== 202) throw new Error(`PUT: ${status}`);
	const cache = await settled(larder, 4);
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
		{ env: { ...process.env, REDISCLI_AUTH: login.password, VALKEYCLI_AUTH: login.password } },
	);
	return { tookMs: performance.now() - startedAt, client: spread(load) };
}

async function fill({ endpoints }: Cache, bytes: number): Promise<void> {
	const client = new Cluster([...endpoints.nodes]);
	const value = randomBytes(VALUE_BYTES);
	const keys = Math.ceil(bytes / VALUE_BYTES);
	for (let first = 0; first < keys; first += FILLED_AT_ONCE) {
		const batch = Array.from(
			{ length: Math.min(FILLED_AT_ONCE, keys - first) },
			(_, k) => first + k,
		);
		await Promise.all(batch.map((key) => client.set(`fill:${key}`, value)));
	}
	client.disconnect();
}

async function settled(larder: Installation, shards: number): Promise<Cache> {
	return await waitUntil(
		`${NAME} to have ${shards} shards`,
		async () => {
			const cache = await larder.getCache(NAME);
			if (cache === null || cache.operation !== null || cache.shards.length !== shards) return null;
			await requireWhole(cache, null);
			return cache;
		},
		TIMEOUT_MS,
	);
}

function spread(load: ClusterLoad): string {
	const times = load.takeTimesMs();
	const at = (share: number) => percentile(times, share).toFixed(1);
	return `p50 ${at(50)} ms, p99 ${at(99)} ms`;
}
