/**
 * `npm run bench:snapshots [-- --mib 1024 --runs 3 --store /mnt/other-disk/directory]`: a snapshot of a cache with a replica and
 * its restore into a new cache, compared with BGSAVE, a copy of the file and the start of an engine from it by hand; and what
 * a client notices while a replica is copied, or saves. Both happen beside the same client. With `--store`, snapshots go to a
 * new store in that directory; on another disk than the hosts', files are sent instead of linked.
 */

import { spawn } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { findEngine } from "../../agent/bundles/index.ts";
import { percentile } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { MIB } from "../../server/contract/limits.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { removeSnapshot, requestSnapshot, untilTaken } from "../fixtures/snapshots.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { fillCache } from "./fill-cache.ts";
import { inlineCommand } from "./inline-command.ts";
import { systemLogin } from "./system-login.ts";

await cleanUpWhenCutShort();

const HOST = "127.0.0.1";
const PORT_BY_HAND = 12_310;
const TIMEOUT_MS = 300_000;
const POLL_MS = 25;
const IDLE_MS = 5_000;
const NAME = "source";
const STORE = "bench";

const { values } = parseArgs({
	options: {
		mib: { type: "string", default: "1024" },
		runs: { type: "string", default: "3" },
		store: { type: "string" },
	},
});
const runs = Number(values.runs);

const larder = await startInstallation({ console: false });
try {
	await larder.createCache({
		...{ name: NAME, engine: "valkey", engineVersion: "9", auth: "none" },
		...{ nodeType: "cache.t4g.medium", replicasPerShard: 1, automaticFailover: false },
	});
	const cache = await larder.waitForStatus(NAME, "available", TIMEOUT_MS);
	const primary = requireEndpoint(cache, "primary");
	const bytes = Number(values.mib) * MIB;
	await fillCache(primary, { tag: "snapshots", bytes, replicas: 1, password: null });
	const own = { snapshot: [] as number[], restore: [] as number[] };
	const byHand = { save: [] as number[], start: [] as number[] };
	const client = new Redis(primary.port, primary.host);
	const idle = await latencies(client, async () => {
		const until = performance.now() + IDLE_MS;
		await waitUntil("a while", () => performance.now() > until, 2 * IDLE_MS);
	});
	if (values.store !== undefined) await createStore(larder, values.store);
	const busy = { own: [] as number[], byHand: [] as number[] };
	for (let run = 0; run < runs; run += 1) {
		const before = await doByHand(larder, cache, async (save) => {
			for (const ms of await latencies(client, save)) busy.byHand.push(ms);
		});
		byHand.save.push(before.saveMs);
		byHand.start.push(before.startMs);
		const seen = await latencies(client, async () => own.snapshot.push(await take(larder)));
		for (const ms of seen) busy.own.push(ms);
		own.restore.push(await restore(larder));
		await removeSnapshot(larder, "snapshot");
	}
	client.disconnect();
	const sums = (a: readonly number[], b: readonly number[]) => a.map((ms, i) => ms + (b[i] ?? 0));
	const both = sums(own.snapshot, own.restore);
	const bothByHand = sums(byHand.save, byHand.start);
	const line = (name: string, all: readonly number[]) =>
		`  ${name} ${percentile(all, 50).toFixed(0)} ms (${all.map((ms) => ms.toFixed(0)).join(", ")})`;
	console.log(`a snapshot of ${values.mib} MiB and its restore, medians of ${runs}:`);
	console.log(line("Larder, snapshot", own.snapshot));
	console.log(line("Larder, restore", own.restore));
	console.log(line("by hand, BGSAVE", byHand.save));
	console.log(line("by hand, copy and start", byHand.start));
	console.log(`  ${(percentile(both, 50) / percentile(bothByHand, 50)).toFixed(2)} times as long`);
	const p99 = (all: readonly number[]) => percentile(all, 99);
	const timesIdle = (all: readonly number[]) =>
		`${p99(all).toFixed(2)} ms (${(p99(all) / p99(idle)).toFixed(2)} times)`;
	console.log(
		`a client's GET, 99th percentile: ${p99(idle).toFixed(2)} ms idle, ${timesIdle(busy.own)} while a replica is copied, ${timesIdle(busy.byHand)} while it saves by BGSAVE`,
	);
} finally {
	await larder.stop();
}

async function take(installation: Installation): Promise<number> {
	const startedAt = performance.now();
	await requestSnapshot(installation, "snapshot", NAME, values.store && STORE);
	const { status, statusReason } = await untilTaken(installation, "snapshot", TIMEOUT_MS);
	if (status !== "available") throw new Error(`the snapshot is ${status}: ${statusReason}`);
	return performance.now() - startedAt;
}

async function restore(installation: Installation): Promise<number> {
	const startedAt = performance.now();
	const body = { name: "restored", snapshot: "snapshot", auth: "none", replicasPerShard: 0 };
	await installation.createCache(body);
	await installation.waitForStatus("restored", "available", TIMEOUT_MS);
	const tookMs = performance.now() - startedAt;
	await installation.deleteCache("restored");
	return tookMs;
}

async function createStore(installation: Installation, path: string): Promise<void> {
	const { status, body } = await installation.rest("POST", "/stores", {
		body: { name: STORE, path },
	});
	if (status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(body)}`);
}

/** BGSAVE of the replica beside what `beside` does, and then until an engine that starts from a copy of its file serves. */
async function doByHand(
	installation: Installation,
	cache: Cache,
	beside: (save: () => Promise<void>) => Promise<void>,
): Promise<{ saveMs: number; startMs: number }> {
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const replica = nodes.find(({ role }) => role === "replica");
	const found = await findEngine({ engine: "valkey", version: "9" });
	if (replica === undefined || found === null) throw new Error("no replica, or no engine");
	const directory = makeOwnedDirectory("larder-bench-");
	const node = new Redis(replica.port, replica.address, systemLogin(installation));
	let saved = "";
	let saveMs = 0;
	try {
		await beside(async () => {
			const startedAt = performance.now();
			saved = await save(node);
			saveMs = performance.now() - startedAt;
		});
		const startedAt = performance.now();
		cpSync(saved, join(directory, "dump.rdb"));
		rmSync(saved);
		await serveFrom(found.server, directory);
		return { saveMs, startMs: performance.now() - startedAt };
	} finally {
		node.disconnect();
		rmSync(directory, { recursive: true, force: true });
	}
}

/** Returns the file. */
async function save(node: Redis): Promise<string> {
	const [, directory = ""] = (await node.call("CONFIG", "GET", "dir")) as string[];
	await node.call("BGSAVE");
	await waitUntil(
		"the engine to have saved",
		async () => {
			const info = await node.info("persistence");
			if (!info.includes("rdb_bgsave_in_progress:0")) return null;
			return info.includes("rdb_last_bgsave_status:ok");
		},
		TIMEOUT_MS,
		POLL_MS,
	);
	return join(directory, "dump.rdb");
}

async function serveFrom(server: string, directory: string): Promise<void> {
	const settings = ["--port", String(PORT_BY_HAND), "--bind", HOST, "--save", ""];
	const child = spawn(server, settings, { cwd: directory, stdio: "ignore" });
	const exited = new Promise((resolve) => child.once("exit", resolve));
	try {
		await waitUntil(
			"the engine to serve",
			async () => (await inlineCommand(HOST, PORT_BY_HAND, "PING"))?.startsWith("+PONG") || null,
			TIMEOUT_MS,
			POLL_MS,
		);
	} finally {
		child.kill("SIGKILL");
		await exited;
	}
}

/** How long a client's requests take, one after the other, while something goes on; in milliseconds. */
async function latencies(client: Redis, work: () => Promise<unknown>): Promise<number[]> {
	const took: number[] = [];
	let done = false;
	const working = work().finally(() => {
		done = true;
	});
	while (!done) {
		const askedAt = performance.now();
		await client.get("a key that isn't there");
		took.push(performance.now() - askedAt);
	}
	await working;
	return took;
}
