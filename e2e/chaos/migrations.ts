import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { percentile } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import type { Migration } from "../../server/contract/migration.ts";
import { type BareEngine, startBareCluster, startBareEngine } from "../fixtures/bare-engines.ts";
import { callMigration } from "../fixtures/call-migration.ts";
import type { AgentName, Installation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { killNode } from "./stories/act.ts";

/** Of each kind. */
const KILLS = 5;
const PATIENCE_MS = 120_000;
const NAME = "moved";
const KEYS = 60_000;
const VALUE_BYTES = 500;
/** After the start or, in every other round, after the request to complete. */
const WITHIN_MS = { copy: 2_500, cutOver: 400 };
const VICTIMS = ["agent", "control plane", "engine", "connections"] as const;
type Victim = (typeof VICTIMS)[number];
/** Source and cache: how many shards each has; 0 without cluster mode. */
const SHAPES = [
	{ source: 0, cache: 0 },
	{ source: 2, cache: 3 },
	{ source: 0, cache: 2 },
] as const;

export const migrations: Scenario = {
	name: "migrations",
	description:
		"agent, control plane, engine or the source's connections killed while a cache takes an engine's place: no acknowledged write is lost, and nothing is left over",
	run: (options) => withInstallation({}, (larder) => killAll(larder, options)),
};

async function killAll(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, random, log } = options;
	const took: number[] = [];
	let writes = 0;
	let failed = 0;
	for (let round = 0; round < kills * VICTIMS.length; round += 1) {
		const victim = VICTIMS[round % VICTIMS.length] ?? "agent";
		const shape = SHAPES[Math.floor(round / VICTIMS.length) % SHAPES.length] ?? SHAPES[0];
		const isLate = Math.floor(round / VICTIMS.length) % 2 === 1;
		const source = await Source.start(shape.source);
		try {
			await larder.createCache({
				...{ name: NAME, auth: "none", replicasPerShard: 1 },
				...(shape.cache > 0 && { clusterMode: "enabled", shards: shape.cache }),
			});
			await larder.waitForStatus(NAME, "available", PATIENCE_MS);
			const writer = source.write();
			const startedAt = performance.now();
			const strike = async () => {
				await delay(random(isLate ? WITHIN_MS.cutOver : WITHIN_MS.copy));
				await strikeAt(victim, larder, source, random);
			};
			await callMigration(larder, NAME, {
				method: "POST",
				body: { host: "127.0.0.1", port: source.port, replaceData: true },
			});
			const striking = isLate ? null : strike();
			const { migration, completions } = await complete(larder, () => (isLate ? strike() : null));
			await striking;
			took.push(performance.now() - startedAt);
			const acknowledged = await writer.stop();
			const where = `${round}: ${victim} killed ${isLate ? "at the cut-over" : "during the copy"}, ${shape.source} → ${shape.cache} shards`;
			if (migration.status === "failed") {
				failed += 1;
				if (migration.statusReason === null) throw new Violation(`${where}: no reason`);
				log(`${where}: failed: ${migration.statusReason}`);
			} else {
				writes += acknowledged.length;
				const cache = await larder.waitForStatus(NAME, "available", PATIENCE_MS);
				await requireAll(cache, acknowledged, where);
				log(
					`${where}: ${completions} completion(s), ${took.at(-1)?.toFixed(0)} ms, writes paused ${migration.pauseMs} ms, ${acknowledged.length} writes there`,
				);
			}
			await requireNoFiles(larder);
			await larder.deleteCache(NAME);
		} finally {
			await source.stop();
		}
	}
	await requireNothingStray(larder, []);
	return `${kills} kills of each kind; ${writes} acknowledged writes, none lost; ${failed} migrations failed with a reason; took ${percentile(took, 50).toFixed(0)} ms (median), ${Math.max(...took).toFixed(0)} ms (longest)`;
}

/** Completes the migration, again if it was taken back. */
async function complete(
	larder: Installation,
	onFirst: () => Promise<void> | null,
): Promise<{ migration: Migration; completions: number }> {
	let completions = 0;
	let striking: Promise<void> | null = null;
	const migration = await waitUntil(
		"the migration to end",
		async () => {
			const now = await callMigration(larder, NAME, { method: "GET" });
			if (now.endedAt !== null) return now;
			if (now.status !== "replicating") throw new Error(`${now.status}: ${now.statusReason}`);
			// Too early, if an agent has just begun again.
			await callMigration(larder, NAME, { method: "POST", path: "/complete" });
			completions += 1;
			if (completions === 1) striking = onFirst();
			throw new Error("completing");
		},
		PATIENCE_MS,
	);
	await striking;
	return { migration, completions };
}

async function strikeAt(
	victim: Victim,
	larder: Installation,
	source: Source,
	random: ScenarioOptions["random"],
): Promise<void> {
	if (victim === "control plane") {
		await larder.killControlPlane();
		await larder.startControlPlane();
		return;
	}
	if (victim === "connections") return await source.cut();
	const nodes = (await larder.getCache(NAME))?.shards.flatMap((shard) => shard.nodes) ?? [];
	const primaries = nodes.filter(({ role }) => role === "primary");
	const node = primaries[random(primaries.length)];
	if (node === undefined) return;
	if (victim === "engine") return killNode(node);
	const host = node.host as AgentName;
	await larder.killAgent(host);
	await larder.startAgent(host);
}

/** Throws unless the cache has all of these writes, and as many keys as the source was filled with. */
async function requireAll(
	cache: Cache,
	acknowledged: readonly string[],
	where: string,
): Promise<void> {
	const found = new Set<string>();
	let filled = 0;
	for (const node of cache.shards.flatMap((shard) => shard.nodes)) {
		if (node.role !== "primary") continue;
		const client = new Redis(node.port, node.address);
		for await (const keys of client.scanStream({ count: 2_000 })) {
			for (const key of keys as string[]) {
				if (key.startsWith("written:")) found.add(key);
				else filled += 1;
			}
		}
		client.disconnect();
	}
	const lost = acknowledged.filter((key) => !found.has(key));
	if (lost.length > 0) {
		const last = acknowledged.indexOf(lost[0] ?? "");
		throw new Violation(
			`${where}: ${lost.length} of ${acknowledged.length} writes are lost, from number ${last}`,
		);
	}
	if (filled !== KEYS) throw new Violation(`${where}: ${filled} of ${KEYS} keys`);
}

async function requireNoFiles(larder: Installation): Promise<void> {
	await waitUntil("no file of a migration to be left", () => {
		const left = readdirSync(larder.home.agentsDir).flatMap((agent) => {
			const instances = join(larder.home.agentDir(agent), "instances");
			const ids = existsSync(instances) ? readdirSync(instances) : [];
			return ids.map((id) => join(instances, id, "migration")).filter(existsSync);
		});
		if (left.length > 0) throw new Error(left.join("\n"));
		return true;
	});
}

/** Engines that nobody manages, filled with keys. */
class Source {
	private readonly directory: string;
	private readonly engines: readonly BareEngine[];
	private readonly isCluster: boolean;

	private constructor(directory: string, engines: readonly BareEngine[], isCluster: boolean) {
		this.directory = directory;
		this.engines = engines;
		this.isCluster = isCluster;
	}

	static async start(shards: number): Promise<Source> {
		const directory = makeOwnedDirectory("larder-chaos-source-");
		mkdirSync(directory, { recursive: true });
		const isCluster = shards > 0;
		const engines = isCluster
			? await startBareCluster("redis", "7", directory, shards)
			: [await startBareEngine("redis", "7", directory)];
		const source = new Source(directory, engines, isCluster);
		const client = source.open();
		const value = "v".repeat(VALUE_BYTES);
		for (let from = 0; from < KEYS; from += 2_000) {
			await Promise.all(
				Array.from({ length: 2_000 }, (_, n) => client.set(`filled:${from + n}`, value)),
			);
		}
		client.disconnect();
		return source;
	}

	get port(): number {
		return this.engines[0]?.port ?? 0;
	}

	/** Writes one key after the other, each once it has been acknowledged. `stop` returns those that have been. */
	write(): { stop(): Promise<string[]> } {
		const acknowledged: string[] = [];
		let stopped = false;
		let client = this.open();
		const loop = (async () => {
			for (let number = 0; !stopped; number += 1) {
				const key = `written:${number}`;
				try {
					await client.set(key, "1");
					acknowledged.push(key);
				} catch {
					client.disconnect();
					client = this.open();
					await delay(10);
				}
			}
		})();
		return {
			async stop() {
				stopped = true;
				// The write that waits for the pause is no acknowledged one.
				client.disconnect();
				await loop.catch(() => undefined);
				client.disconnect();
				return acknowledged;
			},
		};
	}

	/** Closes all connections to the source. */
	async cut(): Promise<void> {
		for (const { client } of this.engines) {
			await client.call("CLIENT", "KILL", "TYPE", "replica");
			await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
		}
	}

	async stop(): Promise<void> {
		for (const engine of this.engines) await engine.stop();
		rmSync(this.directory, { recursive: true, force: true });
	}

	private open(): Redis | Cluster {
		const options = { maxRetriesPerRequest: 0, retryStrategy: () => null };
		const client = this.isCluster
			? new Cluster([{ host: "127.0.0.1", port: this.port }], {
					redisOptions: { maxRetriesPerRequest: 0 },
					clusterRetryStrategy: () => null,
				})
			: new Redis({ port: this.port, ...options });
		client.on("error", () => undefined);
		return client;
	}
}
