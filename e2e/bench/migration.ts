/**
 * `npm run bench:migration`: moves an engine with 1 GiB (`-- --gib 0.2` for less) into a cache while a client writes to it,
 * and checks that the cache has every acknowledged write. Prints how long the copy took, beside a replica's by hand, and how
 * long writes paused.
 */

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Redis } from "ioredis";
import { markdownTable } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { Migration } from "../../server/contract/migration.ts";
import { type BareEngine, startBareEngine } from "../fixtures/bare-engines.ts";
import { callMigration } from "../fixtures/call-migration.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { openClient, requireEndpoint } from "../fixtures/engine-clients.ts";
import { startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

await cleanUpWhenCutShort();

const VALUE_BYTES = 1_000;
/** Then a person would complete it. */
const SMALL_LAG_SECONDS = 0.5;
const { values } = parseArgs({ options: { gib: { type: "string", default: "1" } } });
const keys = Math.round((Number(values.gib) * 1024 ** 3) / (VALUE_BYTES + 80));
const scratch = makeOwnedDirectory("larder-bench-migration-");
const larder = await startInstallation();
const engines: BareEngine[] = [];
try {
	await measure();
} finally {
	for (const engine of engines) await engine.stop();
	await larder.stop();
	rmSync(scratch, { recursive: true, force: true });
}

async function startEngine(...settings: string[]): Promise<BareEngine> {
	const engine = await startBareEngine("valkey", "9", scratch, settings);
	engines.push(engine);
	return engine;
}

async function measure(): Promise<void> {
	const source = await startEngine();
	await source.client.call("DEBUG", "POPULATE", keys, "key", VALUE_BYTES);
	const byHandMs = await copyByHand(source);
	await larder.createCache({ name: "moved", auth: "none", nodeType: "cache.t4g.medium" });
	await larder.waitForStatus("moved", "available");
	const stopWriting = writeOn(source.client);
	const startedAt = performance.now();
	await callMigration(larder, "moved", {
		method: "POST",
		body: { host: "127.0.0.1", port: source.port, replaceData: true },
	});
	await untilMigration(
		({ status, lagSeconds }) =>
			status === "replicating" && lagSeconds !== null && lagSeconds < SMALL_LAG_SECONDS,
	);
	const copyMs = performance.now() - startedAt;
	await callMigration(larder, "moved", { method: "POST", path: "/complete" });
	const { pauseMs } = await untilMigration(({ status }) => status === "completed");
	const cache = await larder.getCache("moved");
	if (cache === null) throw new Error("the cache is gone");
	const client = openClient(requireEndpoint(cache, "primary"), null);
	const wrote = Number(await client.get("counter"));
	const present = await client.dbsize();
	// Before the source takes writes again: then only the one that waits goes on.
	const stopping = stopWriting();
	// The writer's own connection waits.
	const free = source.client.duplicate();
	await free.client("UNPAUSE");
	free.disconnect();
	const acknowledged = await stopping;
	client.disconnect();
	console.log(
		markdownTable([
			["", ""],
			["source", `${keys} keys of ${VALUE_BYTES} B`],
			["a replica by hand, in sync after", `${(byHandMs / 1_000).toFixed(1)} s`],
			["the cache, replicating after", `${(copyMs / 1_000).toFixed(1)} s`],
			["writes paused", `${pauseMs} ms`],
			["keys in the cache", `${present} of ${keys + 1}`],
			// The write that waited for the pause went on at the source.
			[
				"acknowledged writes that the cache lacks",
				`${Math.max(0, acknowledged - 1 - wrote)} of ${wrote}`,
			],
		]),
	);
}

async function copyByHand({ port }: BareEngine): Promise<number> {
	const replica = await startEngine("--repl-diskless-load", "on-empty-db");
	const startedAt = performance.now();
	await replica.client.call("REPLICAOF", "127.0.0.1", port);
	await waitUntil("the replica is in sync", async () =>
		String(await replica.client.info("replication")).includes("master_link_status:up"),
	);
	const tookMs = performance.now() - startedAt;
	await replica.stop();
	return tookMs;
}

/** Writes one number after the other until it is stopped. Returns how many were acknowledged. */
function writeOn(client: Redis): () => Promise<number> {
	let stopped = false;
	const done = (async () => {
		let count = 0;
		for (; !stopped; count += 1) await client.incr("counter");
		return count;
	})();
	// Whoever stops it hears of its end.
	done.catch(() => undefined);
	return () => {
		stopped = true;
		return done;
	};
}

async function untilMigration(isReached: (migration: Migration) => boolean): Promise<Migration> {
	let failure: Error | null = null;
	const reached = await waitUntil(
		"the migration",
		async () => {
			const migration = await callMigration(larder, "moved", { method: "GET" });
			if (migration.status === "failed") failure = new Error(String(migration.statusReason));
			return (failure !== null || isReached(migration)) && migration;
		},
		600_000,
	);
	if (failure !== null) throw failure;
	return reached;
}
