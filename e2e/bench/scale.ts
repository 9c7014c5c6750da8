/**
 * `npm run bench:scale [-- --mib 1024 --runs 3]`: a replica is added to a primary with data, compared with a script
 * that starts one by hand with the fastest settings; a node type is doubled in place; and a primary with two replicas
 * gets a newer engine while a client writes.
 */

import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { percentile } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { MIB } from "../../server/contract/limits.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { startWriter } from "../fixtures/numbered-writer.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { endpointPath } from "../fixtures/write-paths.ts";
import { fillCache } from "./fill-cache.ts";
import { inlineCommand } from "./inline-command.ts";
import { systemLogin } from "./system-login.ts";

await cleanUpWhenCutShort();

const HOST = "127.0.0.1";
const PORT_BY_HAND = 12_300;
const TIMEOUT_MS = 300_000;

const { values } = parseArgs({
	options: {
		mib: { type: "string", default: "1024" },
		runs: { type: "string", default: "3" },
	},
});
const bytes = Number(values.mib) * MIB;
const runs = Number(values.runs);

const larder = await startInstallation({ console: false });
try {
	await benchReplica(larder);
	await benchNodeType(larder);
	await benchUpgrade(larder);
} finally {
	await larder.stop();
}

async function benchReplica(installation: Installation): Promise<void> {
	// Without Sentinels, which would remember the script's replica.
	const name = "scale-replica";
	const cache = await create(installation, {
		...{ name, nodeType: "cache.t4g.medium", automaticFailover: false },
	});
	const tag = "scale";
	const primary = requireEndpoint(cache, "primary");
	await fillCache(primary, { tag, bytes, replicas: 0, password: null });
	const own: number[] = [];
	const byHand: number[] = [];
	for (let run = 0; run < runs; run += 1) {
		byHand.push(await replicaByHand(cache));
		own.push((await change(installation, name, { replicasPerShard: 1 })).tookMs);
		await change(installation, name, { replicasPerShard: 0 });
	}
	const [median, fastest] = [percentile(own, 50), percentile(byHand, 50)];
	console.log(
		`a replica added to ${values.mib} MiB, ${runs === 1 ? "one run" : `medians of ${runs}`}:`,
	);
	console.log(`  Larder ${median.toFixed(0)} ms (${own.map((ms) => ms.toFixed(0)).join(", ")})`);
	console.log(
		`  by hand ${fastest.toFixed(0)} ms (${byHand.map((ms) => ms.toFixed(0)).join(", ")})`,
	);
	console.log(`  ${(median / fastest).toFixed(2)} times as long`);
	await installation.deleteCache(name);
}

/** From the start of an engine until it says that it is in sync. */
async function replicaByHand(cache: Cache): Promise<number> {
	const [node] = cache.endpoints.nodes;
	const found = await findEngine({ engine: "valkey", version: "9" });
	if (node === undefined || found === null) throw new Error("nothing to copy, or no engine");
	const directory = makeOwnedDirectory("larder-bench-");
	const { username, password } = systemLogin(larder);
	const lines = [
		...[`port ${PORT_BY_HAND}`, `bind ${HOST}`, `dir ${directory}`, "protected-mode no", 'save ""'],
		...[`replicaof ${node.host} ${node.port}`, `masteruser ${username}`, `masterauth ${password}`],
		...["repl-diskless-load on-empty-db", "dual-channel-replication-enabled yes"],
	];
	const file = join(directory, "engine.conf");
	writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
	const startedAt = performance.now();
	const child = spawn(found.server, [file], { stdio: "ignore" });
	const exited = new Promise((resolve) => child.once("exit", resolve));
	try {
		await waitUntil(
			"the replica to be in sync",
			async () => {
				const info = await inlineCommand(HOST, PORT_BY_HAND, "INFO replication");
				return info?.includes("master_link_status:up") === true || null;
			},
			TIMEOUT_MS,
		);
		return performance.now() - startedAt;
	} finally {
		child.kill("SIGKILL");
		await exited;
		rmSync(directory, { recursive: true, force: true });
	}
}

async function benchNodeType(installation: Installation): Promise<void> {
	const name = "scale-type";
	const before = await create(installation, { name, replicasPerShard: 1 });
	const type = { name: "custom.twice", vcpus: 2, memoryMib: 1_024 };
	const made = await installation.rest("POST", "/node-types", { body: type });
	if (made.status >= 300) throw new Error(JSON.stringify(made));
	const { tookMs, cache } = await change(installation, name, { nodeType: type.name });
	const restarted = pidsOf(cache).filter((pid) => !pidsOf(before).includes(pid)).length;
	console.log(
		`a node type doubled in place, primary and replica: ${tookMs.toFixed(0)} ms, ${restarted} restarted`,
	);
	await installation.deleteCache(name);
}

/** The engine store has one minor version of each major one, so the engine gets the next major version. */
async function benchUpgrade(installation: Installation): Promise<void> {
	const name = "scale-engine";
	const created = await create(installation, { name, engineVersion: "8", replicasPerShard: 2 });
	const writer = startWriter({
		path: endpointPath([requireEndpoint(created, "primary")]),
		...{ tag: name, everyMs: 1 },
	});
	try {
		await writer.writesAgain();
		const since = performance.now();
		const body = { engineVersion: "9", acceptIrreversible: true };
		const { tookMs, cache } = await change(installation, name, body);
		await writer.writesAgain();
		const lost = await writer.findLost();
		console.log(
			`a primary and two replicas from Valkey 8 to ${cache.engineVersion}: ${tookMs.toFixed(0)} ms; writes paused ${cache.lastFailover?.writesUnavailableMs ?? "?"} ms, longest gap between two writes of a client ${writer.longestGapMs(since).toFixed(0)} ms, ${writer.failures} tried again, ${lost.length} lost`,
		);
	} finally {
		await writer.stop();
	}
}

async function create(installation: Installation, body: object): Promise<Cache> {
	const whole = { engine: "valkey", engineVersion: "9", auth: "none", ...body };
	const { name } = await installation.createCache(whole);
	return await installation.waitForStatus(name, "available", TIMEOUT_MS);
}

async function change(installation: Installation, name: string, body: object) {
	const startedAt = performance.now();
	const { status } = await installation.rest("PATCH", `/caches/${name}`, { body });
	if (status !== 202) throw new Error(`PATCH ${JSON.stringify(body)}: ${status}`);
	const cache = await installation.waitForStatus(name, "available", TIMEOUT_MS);
	return { tookMs: performance.now() - startedAt, cache };
}

function pidsOf({ shards }: Cache): number[] {
	return shards.flatMap(({ nodes }) => nodes.flatMap(({ pid }) => pid ?? []));
}
